import { type Task, taskId } from "@sheaf/core";
import { type FakeModelReply, type FakeModelServer, startFakeModelServer, tempDir } from "@sheaf/testkit";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { CHUNK, questionsOf } from "./conversation.ts";
import { type ModelFindings, modelEdges } from "./model-edges.ts";

/** One a test: its port is a part of who was asked. */
let server: FakeModelServer | undefined;
let script: Script;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Numbers of the tasks that a request asks about. */
function askedIn(body: unknown): readonly number[] {
  const list = /Give one record for each of these tasks: ([\d, -]+)$/.exec(userText(body))?.[1] ?? "";
  return list.split(", ").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}

const userText = (body: unknown): string =>
  (body as { messages: { content: string }[] }).messages.map(({ content }) => content).join("\n\n");

const listOf = (count: number, description = "do the step"): Task[] =>
  Array.from({ length: count }, (_, i) => ({ id: taskId(`t${i + 1}`), description }));

/** Each task needs the one before it. */
const record = (task: number): unknown => {
  return { task, needs: [{ evidence: "the step", on: task - 1, type: "data", p: 0.9 }] };
};

const answer = (numbers: readonly number[]): FakeModelReply => {
  return { kind: "answer", content: JSON.stringify({ tasks: numbers.map(record) }) };
};

type Script = (asked: readonly number[], call: number) => FakeModelReply;

async function ask(
  tasks: readonly Task[],
  answers: Script,
  { timeoutMs = 30_000, cacheDir = null }: { timeoutMs?: number; cacheDir?: string | null } = {},
): Promise<ModelFindings> {
  script = answers;
  server ??= await startFakeModelServer((call, body) => script(askedIn(body), call));
  const settings = { apiKey: "k", baseUrl: server.baseUrl, model: "m", timeoutMs };
  const targets = new Set(tasks.keys());
  targets.delete(0);
  return await modelEdges({
    tasks,
    isSet: false,
    targets,
    others: [],
    votes: 0,
    cacheDir,
    settings,
    signal: undefined,
  });
}

const bodies = (): unknown[] => server!.requests.map(({ body }) => body);

describe("questionsOf", () => {
  it("asks about every place exactly once, in order, with as few questions as can be", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(5000)), (places) => {
        const questions = questionsOf(places);
        expect(questions.flatMap(({ about }) => about)).toEqual(places);
        expect(questions).toHaveLength(Math.ceil(places.length / CHUNK));
        for (const { about } of questions) expect(about.length).toBeLessThanOrEqual(CHUNK);
      }),
    );
  });

  it("asks what is new about known tasks in the first question, and in one of its own where there is no other", () => {
    const again = { of: [7], need: [3] };
    expect(questionsOf([], again)).toEqual([{ about: [], again }]);
    expect(questionsOf(Array(50).fill(1), again).map((question) => question.again)).toEqual([again, null]);
    expect(questionsOf([])).toEqual([]);
  });
});

describe("a list of any size", () => {
  it("is asked about in chunks: 500 tasks in 13 calls, each task once, all prompts alike but for their end", async () => {
    const findings = await ask(listOf(500), answer);
    expect(findings).toMatchObject({ problem: null, repairs: [], repaired: {} });
    expect(findings.edges.map(({ from, to }) => `${from} ${to}`)).toEqual(
      Array.from({ length: 499 }, (_, i) => `t${i + 1} t${i + 2}`),
    );
    expect(findings.usage).toHaveLength(13);
    expect(
      bodies()
        .flatMap(askedIn)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 499 }, (_, i) => i + 2));
    const openings = bodies().map((body) =>
      userText(body).replace(/Give one record for each of these.*$/, ""),
    );
    expect(new Set(openings).size).toBe(1);
    expect(openings[0]).toContain('{"task":500,"id":"t500"');
  });

  it("sends the first question alone and the rest side by side, six at once, and keeps what came in time", async () => {
    using place = tempDir();
    const firstOnly: Script = (asked, call) => (call === 1 ? answer(asked) : { kind: "stall-headers" });
    const findings = await ask(listOf(500), firstOnly, { timeoutMs: 2000, cacheDir: place.path });
    expect(server!.requests).toHaveLength(7);
    expect(findings.answered.size).toBe(40);
    expect(findings.problem).toBeNull();
    expect(findings.repairs).toEqual(["The model did not answer everything within 2000 ms"]);
    const { cached } = await ask(listOf(500), answer, { cacheDir: place.path });
    expect([cached, server!.requests.length]).toEqual([40, 7 + 12]);
  });

  it("does not ask about tasks that cannot be shown any more", async () => {
    const long = listOf(9000);
    const findings = await ask(long, (asked, call) => (call === 1 ? answer(asked) : { kind: "html" }));
    expect(findings.problem).toBeNull();
    expect(findings.repairs[0]).toMatch(/^The list is long, so the model was shown at most 30 characters/);
    expect(findings.repairs[1]).toMatch(/was not asked about the last \d+ tasks$/);
    expect(userText(bodies()[0]).length).toBeLessThan(170_000);
    const shown = [...userText(bodies()[0]).matchAll(/^\{"task":(\d+),/gm)].length;
    const about = bodies().flatMap(askedIn);
    expect([about.length, Math.max(...about)]).toEqual([shown - 1, shown]);
    expect(findings.repairs[1]).toContain(`last ${9000 - shown} tasks`);
  });
});

describe("a question that fails", () => {
  it("leaves only its own tasks without an answer, and is not asked again", async () => {
    const findings = await ask(listOf(121), (asked) =>
      asked[0] === 42 ? { kind: "raw", status: 403, body: "oops" } : answer(asked),
    );
    expect(findings.answered.size).toBe(80);
    expect([...findings.answered].some((place) => place > 40 && place <= 80)).toBe(false);
    expect(findings.edges).toHaveLength(80);
    expect(findings.problem).toBeNull();
    expect(findings.repairs).toEqual([
      expect.stringMatching(/^The model's server answered 403.*, so nothing is known of 40 tasks$/),
    ]);
    expect(server!.requests).toHaveLength(3);
  });

  it("may be the first", async () => {
    const findings = await ask(listOf(121), (asked, call) => (call === 1 ? { kind: "html" } : answer(asked)));
    expect(findings.answered.size).toBe(80);
    expect(findings.edges).toHaveLength(80);
  });

  it("ends the asking where two fail and none was answered", async () => {
    const findings = await ask(listOf(500), () => ({ kind: "html" }));
    expect(findings.problem).toContain("sent text that is not JSON");
    expect(findings.answered.size).toBe(0);
    expect(server!.requests).toHaveLength(2);
  });
});

describe("an answer with gaps", () => {
  it("is asked for its missing records once, all together", async () => {
    const findings = await ask(listOf(121), (asked, call) =>
      answer(call <= 3 ? asked.filter((task) => task % 10 !== 0) : asked),
    );
    expect(askedIn(bodies()[3])).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
    expect(findings.answered.size).toBe(120);
    expect(findings.repaired).toEqual({ missing: 12 });
    expect(server!.requests).toHaveLength(4);
  });

  it("leaves what is missing again without an answer", async () => {
    const findings = await ask(listOf(41), (asked) => answer(asked.filter((task) => task !== 7)));
    expect(findings.answered.has(6)).toBe(false);
    expect(findings.answered.size).toBe(39);
    expect(server!.requests).toHaveLength(2);
  });

  it("counts records that cannot be read as missing", async () => {
    const broken = JSON.stringify({ tasks: [record(2), { task: 3, needs: "none" }] });
    const findings = await ask(listOf(3), (asked, call) =>
      call === 1 ? { kind: "answer", content: broken } : answer(asked),
    );
    expect(askedIn(bodies()[1])).toEqual([3]);
    expect(findings).toMatchObject({ problem: null, repaired: { unreadable: 1, missing: 1 } });
    expect(findings.edges).toHaveLength(2);
  });

  it("keeps the whole records of one that ends in the middle", async () => {
    const findings = await ask(listOf(6), (asked, call) => {
      const { content } = answer(asked) as { content: string };
      const end = content.indexOf('{"task":4') + 20;
      return { kind: "answer", content: call === 1 ? content.slice(0, end) : content };
    });
    expect(askedIn(bodies()[1])).toEqual([4, 5, 6]);
    expect(findings).toMatchObject({ problem: null, repaired: { cut: 1, missing: 3 } });
    expect(findings.edges).toHaveLength(5);
  });

  it("asks again about two chunks at most, so that 500 tasks take 15 calls at most", async () => {
    const findings = await ask(listOf(500), (asked) => answer(asked.slice(0, 20)));
    expect(server!.requests).toHaveLength(15);
    expect(findings.repaired).toEqual({ missing: 80 });
    expect(findings.answered.size).toBe(13 * 20 - 1 + 2 * 20);
  });

  it("takes no records of tasks that another question is about", async () => {
    const findings = await ask(listOf(121), (asked, call) => answer(call === 1 ? [...asked, 100] : asked));
    expect(findings.repaired).toEqual({ unasked: 1 });
    expect(findings.edges).toHaveLength(120);
  });
});
