import { type Task, taskId } from "@sheaf/core";
import { type FakeModelServer, startFakeModelServer, tempDir } from "@sheaf/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ModelFindings, modelEdges } from "./model-edges.ts";
import { askedIn, trueAnswer } from "./truthful-model-rig.ts";

const REFUSAL = JSON.stringify({ error: { message: "no", code: "context_length_exceeded" } });

let server: FakeModelServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const tasksOf = (count: number, length: number): Task[] =>
  Array.from({ length: count }, (_, i) => ({
    id: taskId(`t${i}`),
    description: `${i} `.padEnd(length, "x"),
  }));

const charsIn = (body: unknown): number =>
  (body as { messages: { content: string }[] }).messages[1]!.content.length;

/** Asks a server that takes questions of so many characters. */
async function ask(tasks: readonly Task[], most: number, more = {}, by = modelEdges): Promise<ModelFindings> {
  server ??= await startFakeModelServer((_, body) =>
    charsIn(body) > most ? { kind: "raw", status: 400, body: REFUSAL } : trueAnswer(body),
  );
  const settings = { apiKey: "k", baseUrl: server.baseUrl, model: "m" };
  const targets = new Set(tasks.keys());
  targets.delete(0);
  const quiet = { isSet: false, others: [], votes: 0, cacheDir: null, signal: undefined };
  return await by({ ...quiet, tasks, targets, settings, ...more });
}

const askedWith = (): number[] => server!.requests.map(({ body }) => charsIn(body));

describe("a list that a server finds too long", () => {
  it("is shown at half of the length, three times at most, and that is told", async () => {
    const { problem, answered, repairs } = await ask(tasksOf(2_700, 20), 1_000);
    expect(askedWith()).toHaveLength(4);
    for (const [i, most] of [160_000, 80_000, 40_000, 20_000].entries()) {
      expect(askedWith()[i]).toBeLessThan(most + 1_000);
      expect(askedWith()[i]).toBeGreaterThan(most * 0.7);
    }
    expect(problem).toContain("answered 400 no");
    expect(answered.size).toBe(0);
    expect(repairs.slice(-3)).toEqual(
      Array(3).fill(
        expect.stringMatching(
          /^The model's server refused \d+ characters of the list as too long, so it was asked again with \d+$/,
        ),
      ),
    );
  });

  it("has its texts cut harder first", async () => {
    const { answered, repairs, usage } = await ask(tasksOf(39, 4_000), 30_000);
    expect(answered.size).toBe(38);
    expect(usage).toHaveLength(1);
    expect(repairs[0]).toBe("The list is long, so the model was shown at most 250 characters of each text");
  });

  it("is not asked about where it does not fit any more", async () => {
    const targets = new Set([1, 2, 200, 398, 399]);
    const { answered, repairs } = await ask(tasksOf(400, 100), 30_000, { targets });
    const shown = askedIn(server!.requests.at(-1)!.body).texts.length;
    expect(shown).toBeLessThan(398);
    expect(answered).toEqual(new Set([1, 2, 200]));
    expect(repairs).toContain(
      `The list is too long for the model, which was not asked about the last ${400 - shown} tasks`,
    );
  });

  it("costs one refusal a process, and nothing where the answers were kept", async () => {
    using dir = tempDir();
    const cacheDir = dir.path;
    await ask(tasksOf(20, 4_000), 45_000, { cacheDir });
    expect(askedWith()).toHaveLength(2);
    const again = await ask(tasksOf(20, 4_000), 45_000, { cacheDir });
    expect(again).toMatchObject({ cached: 19, usage: [] });
    expect((await ask(tasksOf(19, 4_000), 45_000)).answered.size).toBe(18);
    expect(askedWith()).toHaveLength(3);
  });

  it("costs another process refusals alone, where the answers were kept", async () => {
    using dir = tempDir();
    const cacheDir = dir.path;
    await ask(tasksOf(20, 4_000), 45_000, { cacheDir });
    const said: number[] = [];
    const onRecord = (place: number): void => void said.push(place);
    vi.resetModules();
    const other = await import("./model-edges.ts");
    const found = await ask(tasksOf(20, 4_000), 45_000, { cacheDir, onRecord }, other.modelEdges);
    expect(found).toMatchObject({ cached: 19, usage: [] });
    expect(said).toHaveLength(19);
    expect(askedWith()).toHaveLength(3);
  });

  it("keeps what earlier answers said when a later question is too long", async () => {
    let calls = 0;
    server = await startFakeModelServer((_, body) => {
      calls++;
      return calls === 2 ? { kind: "raw", status: 413, body: "" } : trueAnswer(body);
    });
    const { answered } = await ask(tasksOf(60, 1_000), 0);
    expect(answered.size).toBe(59);
    expect(server.requests.map(({ body }) => askedIn(body).about.length)).toEqual([40, 19, 19]);
  });
});
