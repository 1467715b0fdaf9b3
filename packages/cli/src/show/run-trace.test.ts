import type { RunEvent, RunId, TaskId } from "@sheaf/core";
import { executeWithParallelism } from "@sheaf/engine";
import { scriptedAgent } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import { createTrace, lostAttempts, phaseOf, type RunTrace, takeEvent, traceOf } from "./run-trace.ts";
import { collectEvents } from "./show-progress.ts";

const phases = (trace: RunTrace): readonly string[] => [...trace.tasks.values()].map(phaseOf);
const attempts = (trace: RunTrace, id: string) => trace.tasks.get(id as TaskId)!.attempts;

/** Takes events until one of this kind, and says where the tasks stand then. */
function phasesAt(events: readonly RunEvent[], type: RunEvent["type"]): readonly string[] {
  const trace = createTrace();
  for (const event of events) {
    takeEvent(trace, event);
    if (event.type === type) break;
  }
  return phases(trace);
}

describe("a trace", () => {
  it("follows each task from waiting to its end", async () => {
    const agent = scriptedAgent();
    const tasks = [{ id: "a" }, { id: "b", dependsOn: ["a"] }, { id: "c", dependsOn: ["b"] }];
    const run = executeWithParallelism(tasks, agent.run, { env: {} });
    (await agent.next("a")).succeed();
    (await agent.next("b")).fail(new Error("broken"));
    await run;
    const events = await collectEvents(run);
    expect(phasesAt(events, "run.planned")).toEqual(["waiting", "waiting", "waiting"]);
    expect(phasesAt(events, "attempt.started")).toEqual(["running", "waiting", "waiting"]);
    expect(phasesAt(events, "attempt.finished")).toEqual(["finished", "waiting", "waiting"]);
    expect(phases(traceOf(events))).toEqual(["committed", "failed", "skipped"]);
  });

  it("lets a task wait again while it is to be retried, and counts the lost attempt", async () => {
    const agent = scriptedAgent();
    const run = executeWithParallelism([{ id: "a", retries: 1 }], agent.run, { env: {}, retryDelayMs: 0 });
    (await agent.next("a")).fail(new Error("once"));
    (await agent.next("a")).succeed();
    await run;
    const events = await collectEvents(run);
    expect(phasesAt(events, "attempt.finished")).toEqual(["failing"]);
    expect(phasesAt(events, "task.retrying")).toEqual(["waiting"]);
    const trace = traceOf(events);
    expect(phases(trace)).toEqual(["committed"]);
    expect(lostAttempts(trace.tasks.get("a" as TaskId)!)).toEqual([attempts(trace, "a")[0]]);
  });

  it("has the tasks in serial order although some started before the plan was told", () => {
    const at = { at: 0, runId: "r" as RunId };
    const started = (id: string): RunEvent => ({
      ...{ ...at, seq: 0, type: "attempt.started", taskId: id as TaskId, attempt: 1, cause: "first" },
      ...{ executor: "inline", agent: "x", route: "unknown" },
    });
    const order = ["a", "b", "c"] as TaskId[];
    const plan = { levels: 1, width: 3, criticalPath: [], speedupBound: 1, summary: "" };
    const planned: RunEvent = { ...at, seq: 1, type: "run.planned", order, ...plan };
    const trace = traceOf([started("c"), started("a"), planned]);
    expect([...trace.tasks.keys()]).toEqual(order);
    expect(phases(trace)).toEqual(["running", "waiting", "running"]);
  });

  it("keeps what a conflicted attempt had read", async () => {
    const agent = scriptedAgent();
    const run = executeWithParallelism([{ id: "a" }, { id: "b" }], agent.run, { env: {}, mode: "parallel" });
    const [a, b] = [await agent.next("a"), await agent.next("b")];
    try {
      b.ctx.inputs.a;
    } catch (error) {
      b.fail(error);
    }
    a.succeed(1);
    const again = await agent.next("b");
    again.succeed(again.ctx.inputs.a);
    await run;
    const events = await collectEvents(run);
    const early = events.filter((event) => !("taskId" in event) || event.taskId === "b");
    expect(phasesAt(early, "attempt.finished")).toEqual(["waiting", "waiting"]);
    const trace = traceOf(events);
    expect(attempts(trace, "b")[0]!.conflicted?.conflicts).toEqual([{ what: "output of a", with: "a" }]);
    expect(lostAttempts(trace.tasks.get("b" as TaskId)!)).toHaveLength(1);
    expect(phases(trace)).toEqual(["committed", "committed"]);
  });

  it("counts an attempt as lost as soon as its result has conflicted, although it had succeeded", async () => {
    const agent = scriptedAgent();
    const run = executeWithParallelism([{ id: "a" }, { id: "b" }], agent.run, { env: {}, mode: "parallel" });
    const [a, b] = [await agent.next("a"), await agent.next("b")];
    expect(() => b.ctx.inputs.a).toThrow();
    b.succeed("without a");
    a.succeed(1);
    (await agent.next("b")).succeed();
    await run;
    const trace = createTrace();
    for (const event of await collectEvents(run)) {
      takeEvent(trace, event);
      if (event.type !== "task.conflicted") continue;
      expect(lostAttempts(trace.tasks.get("b" as TaskId)!)).toHaveLength(1);
      expect(phases(trace)).toEqual(["finished", "waiting"]);
    }
    expect(attempts(trace, "b")).toHaveLength(2);
  });

  it("takes an attempt that was stopped for a cancelled task at once", async () => {
    const agent = scriptedAgent();
    const run = executeWithParallelism([{ id: "a" }], agent.run, { env: {} });
    await agent.next("a");
    run.cancel();
    await run;
    expect(phasesAt(await collectEvents(run), "attempt.finished")).toEqual(["cancelled"]);
  });
});
