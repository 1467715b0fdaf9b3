import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { EventOf, RunEvent } from "@sheaf/core";
import { type FakeModelServer, startFakeModelServer, tempDir } from "@sheaf/testkit";
import { afterEach, describe, expect, test } from "vitest";
import { executeWithParallelism, planRun, type RunHandle, type RunSpec } from "./index.ts";
import { OPTIONS, scripted, settle } from "./run-rig.ts";

let server: FakeModelServer;

afterEach(() => server.close());

const TASKS = ["a", "b", "c"].map((id) => ({ id }));

/** Returns the events of a run whose model gives these answers, the last one for ever. */
async function eventsWith(...answers: readonly unknown[]): Promise<readonly RunEvent[]> {
  server = await startFakeModelServer((call) => {
    return { kind: "answer", content: JSON.stringify({ tasks: answers[call - 1] ?? answers.at(-1) }) };
  });
  return await eventsOf({ tasks: TASKS });
}

async function eventsOf(spec: RunSpec): Promise<readonly RunEvent[]> {
  // A run that is over does not wait for the model.
  const run: RunHandle = executeWithParallelism(spec, async () => void (await run.plan), {
    ...OPTIONS,
    modelBaseUrl: server.baseUrl,
  });
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

describe("what a model says about dependencies", () => {
  test("is mended, and each kind of repair is an event with a count", async () => {
    const need = (on: number, p = 0.9): unknown => ({ evidence: "", on, type: "data", p });
    const events = await eventsWith(
      [{ task: 2, needs: [need(1), need(2), need(3), need(9), need(1)] }],
      [{ task: 3, needs: [need(1, 0.1)] }],
    );
    const repaired = events.filter(
      (event): event is EventOf<"analysis.repaired"> => event.type === "analysis.repaired",
    );
    expect(Object.fromEntries(repaired.map(({ kind, count }) => [kind, count]))).toEqual({
      ...{ itself: 1, later: 1, unknown: 1, twice: 1 },
      ...{ missing: 1, unproven: 3, improbable: 1 },
    });
    const order = events.map(({ type }) => type);
    expect(order.lastIndexOf("analysis.repaired")).toBeLessThan(order.indexOf("analysis.finished"));
  });

  test("lets each task start as soon as its record has closed, while the rest of the answer is still to come", async () => {
    const records = [2, 3].map((task) => JSON.stringify({ task, needs: [] }));
    const content = `{"tasks":[${records.join(",")}]}`;
    const pieceLength = content.indexOf(records[1]!);
    let open = (): void => {};
    const rest = new Promise<void>((resolve) => {
      open = resolve;
    });
    const gate = (piece: number): Promise<void> | undefined => (piece === 1 ? undefined : rest);
    server = await startFakeModelServer(() => ({ kind: "answer", content, stream: { pieceLength, gate } }));
    const { agent, run } = scripted(TASKS, { modelBaseUrl: server.baseUrl });
    const [a, b] = [await agent.next("a"), await agent.next("b")];
    await settle();
    expect(agent.open).toEqual(new Set(["a", "b"]));
    open();
    const c = await agent.next("c");
    for (const task of [a, b, c]) task.succeed();
    expect((await run).status).toBe("succeeded");
  });

  test("costs what the server's model costs, in a run as in a plan", async () => {
    server = await startFakeModelServer(() => ({ kind: "answer", content: '{"tasks":[]}' }));
    const { host } = new URL(server.baseUrl);
    const options = {
      ...OPTIONS,
      modelBaseUrl: server.baseUrl,
      prices: { [host]: { "fake-model-1": { input: 1, output: 2 } } },
    };
    const { usage } = await planRun(TASKS, () => 1, options);
    expect(usage[0]).toMatchObject({ inputTokens: 100, outputTokens: 20, costUsd: 0.00014 });
    const run: RunHandle = executeWithParallelism(TASKS, async () => void (await run.plan), options);
    const { cost } = await run;
    expect(cost).toMatchObject({ totalUsd: (cost.calls * 140) / 1e6, partial: false });
    expect(cost.byClass.analysis.usd).toBe(cost.totalUsd);
    expect(cost.calls).toBeGreaterThan(0);
  });

  test("is kept with the directory, for its plans and its next runs", async () => {
    using dir = tempDir();
    const tasks = [2, 3].map((task) => ({ task, needs: [] }));
    server = await startFakeModelServer(() => ({ kind: "answer", content: JSON.stringify({ tasks }) }));
    const spec = { dir: dir.path, tasks: TASKS };
    const options = { ...OPTIONS, modelBaseUrl: server.baseUrl };
    const { usage } = await planRun(spec, () => 1, options);
    expect(usage).toHaveLength(1);
    for (const [wrong, expected] of [
      [{ ...options, onAsking: 1 }, "Expected `onAsking` to be a function"],
      [null, "Expected `options` to be an object of options"],
    ] as const)
      await expect(planRun(spec, () => 1, wrong as never)).rejects.toThrow(expected);
    const events = await eventsOf(spec);
    expect(events.find(({ type }) => type === "analysis.finished")).toMatchObject({ cached: 2 });
    expect(events.some(({ type }) => type === "analysis.usage")).toBe(false);
    expect(server.requests).toHaveLength(1);
    const kept = readdirSync(join(dir.path, ".sheaf", "analysis"));
    expect(kept.filter((name) => !name.endsWith("-times.json"))).toHaveLength(1);
  });
});
