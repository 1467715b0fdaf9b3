import type { RunEvent } from "@sheaf/core";
import { tempDir } from "@sheaf/testkit";
import { describe, expect, test } from "vitest";
import { executeWithParallelism, type RunHandle } from "../index.ts";
import { executeBy } from "../internal.ts";
import { OPTIONS, outcomes, scriptedAnalysis, settle } from "../run-rig.ts";

const FOUR = ["a", "b", "c", "d"].map((id) => ({ id }));

async function eventsOf(run: RunHandle): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

const types = (events: readonly RunEvent[]): readonly string[] => events.map(({ type }) => type);

describe("while a model is asked", () => {
  test("the first task starts at once, and another as soon as all edges into it are known", async () => {
    const { agent, run, settled, finish } = await scriptedAnalysis(FOUR);
    (await agent.next("a")).ctx.progress(0.5);
    await settle();
    expect(agent.started).toEqual(["a"]);
    settled("c");
    settled("b", "a");
    settled("d", "c");
    await settle();
    expect(agent.started).toEqual(["a", "c"]);
    (await agent.next("c")).succeed();
    (await agent.next("d")).succeed();
    finish([["a", "b"], ["c", "d"]]); // biome-ignore format: a graph
    await settle();
    expect(agent.started).toEqual(["a", "c", "d"]);
    run.cancel();
    await run;
  });

  test("tasks run in their turn whether or not it ever answers", async () => {
    const { agent, run } = await scriptedAnalysis(FOUR);
    for (const id of ["a", "b", "c", "d"]) {
      const call = await agent.next(id);
      await settle();
      expect(agent.open).toEqual(new Set([id]));
      call.succeed(id);
    }
    const report = await run;
    expect(report.status).toBe("succeeded");
    expect(report.guarantee.level).toBe("serial-equivalent");
  });

  test("what it is known to need without a model is waited for by a task that it has not spoken about", async () => {
    const tasks = [{ id: "a" }, { id: "b" }, { id: "c", description: `look at \${b.output}` }];
    const { agent, run, settled, finish } = await scriptedAnalysis(tasks, { known: [["b", "c"]] });
    settled("b");
    settled("c");
    const b = await agent.next("b");
    await settle();
    expect(agent.started).toEqual(["a", "b"]);
    b.fail(new Error("no"));
    (await agent.next("a")).succeed();
    finish([["b", "c"]]);
    expect(outcomes(await run)).toEqual({ a: "succeeded", b: "failed", c: "skipped" });
  });

  test("the plan is told when it is final, after tasks have started, and the report goes by it", async () => {
    const { agent, run, settled, finish } = await scriptedAnalysis(FOUR);
    let plan: unknown = null;
    void run.plan.then((made) => {
      plan = made;
    });
    settled("c");
    const [a, c] = [await agent.next("a"), await agent.next("c")];
    await settle();
    expect(plan).toBeNull();
    finish([["a", "b"], ["a", "d"]], { usage: [{ model: "m", inputTokens: 7 }] }); // biome-ignore format: a graph
    expect((await run.plan).levels).toEqual([["a", "c"], ["b", "d"]]); // biome-ignore format: a graph
    for (const call of [a, c]) call.succeed();
    for (const id of ["b", "d"]) (await agent.next(id)).succeed();
    const report = await run;
    expect(report.edges.map(({ from, to }) => `${from}-${to}`)).toEqual(["a-b", "a-d"]);
    expect(report.cost.byClass.analysis.inputTokens).toBe(7);
    const told = types(await eventsOf(run)).filter((type) => !type.startsWith("task."));
    expect(told.indexOf("attempt.started")).toBeLessThan(told.indexOf("analysis.usage"));
    expect(told.slice(told.indexOf("analysis.usage")).slice(0, 3)).toEqual([
      "analysis.usage",
      "analysis.finished",
      "run.planned",
    ]);
  });

  test("edges that a vote has removed, or a repair has added, count for what has not started", async () => {
    const { agent, run, settled, finish } = await scriptedAnalysis(FOUR, { maxWorkers: 4 });
    settled("c", "b");
    settled("b", "a");
    await agent.next("a");
    finish([["a", "b"], ["a", "d"]]); // biome-ignore format: a graph
    await agent.next("c");
    await settle();
    expect(agent.started).toEqual(["a", "c"]);
    run.cancel();
    await run;
  });

  test("a fallback to list order holds what has not started, and what runs goes on", async () => {
    const { agent, run, settled, finish } = await scriptedAnalysis(FOUR);
    settled("c");
    const [a, c] = [await agent.next("a"), await agent.next("c")];
    const fallbacks = [{ part: "analysis", reason: "The model broke off" }];
    finish([["a", "b"], ["b", "c"], ["c", "d"]], { fallbacks }); // biome-ignore format: a graph
    c.succeed(3);
    await (await agent.next("d")).succeed(4);
    a.succeed(1);
    (await agent.next("b")).succeed(2);
    const report = await run;
    expect(report.unwrap()).toEqual({ a: 1, b: 2, c: 3, d: 4 });
    expect(await eventsOf(run)).toContainEqual(expect.objectContaining({ reason: "The model broke off" }));
  });

  test("a run that is done does not wait for the rest of an answer, books what is known and says so", async () => {
    const { agent, run, settled, spend } = await scriptedAnalysis(FOUR.slice(0, 3), { known: [["a", "c"]] });
    spend(11);
    settled("b", "a", "c");
    for (const id of ["a", "b", "c"]) (await agent.next(id)).succeed();
    const report = await run;
    expect(report.cost.byClass.analysis.inputTokens).toBe(11);
    expect(report.edges.map(({ from, to }) => `${from}-${to}`)).toEqual(["a-c", "a-b"]);
    const events = await eventsOf(run);
    expect(events.filter(({ type }) => type === "run.planned")).toHaveLength(1);
    expect(events).toContainEqual(
      expect.objectContaining({ part: "analysis", reason: expect.stringMatching(/was not waited for$/) }),
    );
    expect(events.at(-1)?.type).toBe("run.finished");
  });

  test("cancelling ends the analysis and what runs, and every task says so", async () => {
    const { agent, run, settled, spend } = await scriptedAnalysis(FOUR);
    settled("c");
    await agent.next("c");
    spend(5);
    run.cancel("enough");
    const report = await run;
    expect(report.status).toBe("cancelled");
    expect(new Set(Object.values(outcomes(report)))).toEqual(new Set(["cancelled"]));
    expect(report.cost.byClass.analysis.inputTokens).toBe(5);
    expect(report.tasks.d?.because).toEqual({ reason: "cancelled", message: "enough" });
    const events = await eventsOf(run);
    expect(types(events)).toContain("run.planned");
    expect(types(events)).not.toContain("run.fallback");
  });

  test.each(["stop", "cancel"] as const)(
    "onFailure: %s ends the run and with it the analysis",
    async (onFailure) => {
      const { agent, run } = await scriptedAnalysis(FOUR, { onFailure });
      (await agent.next("a")).fail(new Error("no"));
      const report = await run;
      expect(report.status).toBe("failed");
      expect(outcomes(report)).toEqual({ a: "failed", b: "skipped", c: "skipped", d: "skipped" });
    },
  );

  test("a fault of the analysis ends the run, with all that is known of what was done", async () => {
    const { agent, run, settled, fail } = await scriptedAnalysis(FOUR);
    (await agent.next("a")).succeed(1);
    settled("d");
    const d = await agent.next("d");
    await agent.next("b");
    fail(new TypeError("edges is not iterable"));
    const report = await run;
    expect(d.ctx.signal.aborted).toBe(true);
    expect(report.status).toBe("failed");
    expect(report.fault).toMatchObject({ name: "TypeError", message: "edges is not iterable" });
    expect(outcomes(report)).toEqual({ a: "succeeded", b: "cancelled", c: "cancelled", d: "cancelled" });
    expect((await run.plan).order).toHaveLength(4);
  });

  test.each([true, false])(
    "a fault of the analysis before it asks rejects the run; may ask: %s",
    async (useLlmDeps) => {
      const analyze = () => Promise.reject(new TypeError("edges is not iterable"));
      const options = { ...OPTIONS, modelBaseUrl: "http://127.0.0.1:9/v1", useLlmDeps };
      const run = executeBy(analyze, { run: FOUR, agent: () => 1, options });
      await expect(run).rejects.toThrow("edges is not iterable");
      await expect(run.plan).rejects.toThrow("edges is not iterable");
    },
  );

  test("a run that speculates starts whatever it may without waiting for an answer", async () => {
    const { agent, run } = await scriptedAnalysis(FOUR, { mode: "parallel", maxWorkers: 4 });
    await settle();
    expect(agent.started).toEqual(["a", "b", "c", "d"]);
    run.cancel();
    await run;
  });

  test("with levels nothing starts before all of them are known", async () => {
    const { agent, run, settled, finish } = await scriptedAnalysis(FOUR, { schedule: "levels" });
    settled("b");
    await settle();
    expect(agent.started).toEqual([]);
    finish([["a", "b"], ["a", "c"]]); // biome-ignore format: a graph
    const plan = await run.plan;
    expect(agent.started).toEqual([]);
    expect(plan.levels).toEqual([["a", "d"], ["b", "c"]]); // biome-ignore format: a graph
    await settle();
    expect(agent.started).toEqual(["a", "d"]);
    run.cancel();
    await run;
  });
});

test("a run that a task starts asks and starts in the slot of that task", async () => {
  const inner = async (): Promise<unknown> => {
    const { agent, run } = await scriptedAnalysis(FOUR.slice(0, 2), { maxWorkers: 1 });
    for (const id of ["a", "b"]) (await agent.next(id)).succeed(id);
    return (await run).unwrap();
  };
  const report = await executeWithParallelism([{ id: "outer" }], inner, { ...OPTIONS, maxWorkers: 1 });
  expect(report.unwrap()).toEqual({ outer: { a: "a", b: "b" } });
});

test("a run that is gone on with starts behind what is done, by edges that are known then", async () => {
  using place = tempDir();
  const input = { dir: place.path, tasks: FOUR };
  const first = await scriptedAnalysis(input, { runId: "one" });
  (await first.agent.next("a")).succeed(1);
  await first.agent.next("b");
  first.run.cancel();
  await first.run;
  const { agent, run, settled, finish } = await scriptedAnalysis(input, { runId: "one" });
  settled("b", "a");
  settled("d");
  const [b, d] = [await agent.next("b"), await agent.next("d")];
  expect(new Set(agent.started)).toEqual(new Set(["b", "d"]));
  finish([["a", "b"], ["b", "c"]]); // biome-ignore format: a graph
  for (const [call, output] of [[b, 2], [d, 4]] as const) call.succeed(output); // biome-ignore format: two calls
  (await agent.next("c")).succeed(3);
  expect((await run).unwrap()).toEqual({ a: 1, b: 2, c: 3, d: 4 });
});
