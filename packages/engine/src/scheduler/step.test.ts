import { describe, expect, test } from "vitest";
import { type PlanSpec, Rig } from "./scheduler-rig.ts";

const begin = (spec: PlanSpec, capacity = 8): Rig => new Rig(spec, capacity).send({ type: "run.started" });

describe("starting", () => {
  test("the task with the longest remaining path starts first", () => {
    expect(begin({ size: 3, priority: [1, 9, 5] }, 2).started).toEqual([1, 2]);
  });

  test("equal tasks start in list order", () => {
    expect(begin({ size: 3 }, 2).started).toEqual([0, 1]);
  });

  test("a task starts once all that it waits for has finished, without waiting for a slow sibling", () => {
    const rig = begin({ size: 3, edges: [[0, 2, true]] });
    expect(rig.started).toEqual([0, 1]);
    rig.end(0, "succeeded");
    expect(rig.started).toEqual([0, 1, 2]);
  });

  test("with levels, a slow task holds back the whole next level", () => {
    const rig = begin({ size: 3, edges: [[0, 2, true]], level: [0, 0, 1] });
    rig.finish(0);
    expect(rig.started).toEqual([0, 1]);
    rig.finish(1);
    expect(rig.started).toEqual([0, 1, 2]);
  });

  test("a task that must run in its turn waits until all before it are settled, and says so", () => {
    const rig = begin({ size: 2, inTurn: [1] });
    expect(rig.started).toEqual([0]);
    expect(rig.log).toContainEqual({ type: "tell-wait", task: 1, reason: { kind: "turn" } });
    rig.end(0, "succeeded");
    expect(rig.started).toEqual([0]);
    rig.settle();
    expect(rig.started).toEqual([0, 1]);
  });

  test("a limit by tag holds back the ninth of nine, and lets it in when one has ended", () => {
    const rig = begin({ size: 3, tags: [[0], [0], []], tagLimits: [1] });
    expect(rig.started).toEqual([0, 2]);
    expect(rig.log).toContainEqual({ type: "tell-wait", task: 1, reason: { kind: "tag", tag: 0, limit: 1 } });
    rig.end(0, "succeeded");
    expect(rig.started).toEqual([0, 2, 1]);
  });

  test("a task waits for memory, and starts when another has ended", () => {
    const rig = new Rig({ size: 2, memoryMiB: [600, 600] }, 4);
    rig.send({ type: "memory.measured", memory: { budgetMiB: 1_000, usedMiB: 0, estimateMiB: 0 } });
    rig.send({ type: "run.started" });
    expect(rig.started).toEqual([0]);
    expect(rig.log.find((command) => command.type === "tell-wait")).toMatchObject({
      task: 1,
      reason: { needMiB: 600 },
    });
    rig.end(0, "succeeded");
    expect(rig.started).toEqual([0, 1]);
  });

  test("a task that needs more memory than there is runs when nothing else does", () => {
    const rig = new Rig({ size: 1, memoryMiB: [5_000] }, 4);
    rig.send({ type: "memory.measured", memory: { budgetMiB: 1_000, usedMiB: 0, estimateMiB: 0 } });
    expect(rig.send({ type: "run.started" }).started).toEqual([0]);
  });

  test("with levels, a task in its turn does not wait for tasks of lower levels that come after it", () => {
    const rig = begin({ size: 3, edges: [[0, 1, true]], level: [0, 1, 0], inTurn: [0, 1, 2] });
    rig.finish(0).finish(1).finish(2);
    expect(rig.over).toBe(true);
  });

  test("a slot that comes when the run is halted already starts nothing, and goes back", () => {
    const rig = begin({ size: 2 }, 1);
    rig.send({ type: "run.halted", message: "spent" }).send({ type: "slot.granted" });
    expect(rig.started).toEqual([0]);
    expect(rig.log).toContainEqual({ type: "return-slots", slots: 1 });
  });

  test("slots that nobody needs go back", () => {
    const rig = begin({ size: 2, edges: [[0, 1, true]] }, 4);
    rig.send({ type: "slot.granted" });
    expect(rig.log).toContainEqual({ type: "return-slots", slots: 1 });
  });
});

describe("settling", () => {
  test("tasks are settled in serial order whatever the order in which they end", () => {
    const rig = begin({ size: 3 });
    rig.end(2, "succeeded").end(1, "succeeded").end(0, "succeeded");
    rig.settle().settle().settle();
    const settled = rig.log.flatMap((command) => (command.type === "settle" ? [command.task] : []));
    expect(settled).toEqual([0, 1, 2]);
    expect(rig.over).toBe(true);
  });

  test("a conflict runs the task again before anything else and uses no retry", () => {
    const rig = begin({ size: 4, priority: [1, 2, 99, 1], retries: [0, 0, 0, 0] }, 1);
    rig.end(2, "succeeded").end(1, "succeeded");
    expect(rig.running).toEqual(new Set([0]));
    rig.end(0, "succeeded");
    expect(rig.running).toEqual(new Set([3]));
    rig.settle("conflict").end(3, "succeeded");
    const starts = rig.log.filter((command) => command.type === "start");
    expect(starts.slice(-2)).toMatchObject([{ task: 3 }, { task: 0, attempt: 2, cause: "conflict" }]);
    expect(rig.state.tasks[0]!.retriesUsed).toBe(0);
  });

  test("a doomed attempt is aborted, and starts again when all before it are settled", () => {
    const rig = begin({ size: 3, retries: [0, 0, 0] }, 3);
    rig.send({ type: "attempt.doomed", task: 2 });
    expect(rig.log.at(-1)).toEqual({ type: "abort", task: 2, cause: { reason: "conflict" } });
    rig.end(2, "aborted").finish(0);
    expect(rig.started).toEqual([0, 1, 2]);
    rig.finish(1);
    expect(rig.log.findLast(({ type }) => type === "start")).toMatchObject({ task: 2, cause: "conflict" });
    rig.finish(2);
    expect(rig.outcomes).toEqual(["succeeded", "succeeded", "succeeded"]);
  });

  test("what ended before it was doomed is given up, and what needs it waits again", () => {
    const rig = begin({ size: 4, edges: [[1, 3, true]] }, 2);
    rig.end(1, "succeeded");
    rig.send({ type: "attempt.doomed", task: 1 });
    rig.end(2, "succeeded");
    expect(rig.started).toEqual([0, 1, 2]);
    rig.finish(0).finish(1);
    expect(rig.started).toEqual([0, 1, 2, 1, 3]);
  });

  test("a doomed attempt whose predecessor failed is skipped and does not start again", () => {
    const rig = begin({ size: 2, edges: [[0, 1, true]] }, 2);
    rig.end(0, "succeeded");
    rig.send({ type: "attempt.doomed", task: 1 }).settle("refused").end(1, "aborted");
    expect(rig.outcomes).toEqual(["failed", "skipped"]);
    expect(rig.started).toEqual([0, 1]);
  });

  test("the task whose turn it is cannot be doomed, nor one that runs again already", () => {
    const rig = begin({ size: 2 }, 2);
    rig.send({ type: "attempt.doomed", task: 0 });
    rig.end(1, "succeeded").end(0, "succeeded").settle().settle("conflict");
    rig.send({ type: "attempt.doomed", task: 1 });
    expect(rig.log.some(({ type }) => type === "abort")).toBe(false);
  });

  test("after a conflict tasks far ahead wait, until few of those settled have conflicted", () => {
    const rig = begin({ size: 16, lookahead: 2, retries: Array(16).fill(0) }, 2);
    rig.end(1, "succeeded");
    rig.send({ type: "attempt.doomed", task: 1 }).end(2, "succeeded");
    expect([...rig.running]).toEqual([0]);
    rig.finish(0);
    expect([...rig.running]).toEqual([1, 3]);
    for (let task = 1; task < 9; task++) if (task !== 2) rig.finish(task);
    expect(Math.max(...rig.running)).toBe(10);
    rig.finish(9).end(11, "succeeded").end(12, "succeeded").end(13, "succeeded");
    expect(rig.running.has(14)).toBe(true);
  });

  test("while a conflicted task runs again, its successors do not start", () => {
    const rig = begin({ size: 2, edges: [[0, 1, false]], inTurn: [1] });
    rig.end(0, "succeeded").settle("conflict").end(0, "succeeded");
    expect(rig.started).toEqual([0, 0]);
    rig.settle();
    expect(rig.started).toEqual([0, 0, 1]);
  });

  test("what cannot be committed has failed", () => {
    const rig = begin({ size: 2, edges: [[0, 1, true]] });
    rig.end(0, "succeeded").settle("refused");
    expect(rig.outcomes[0]).toBe("failed");
  });
});

describe("failing", () => {
  test("a retry comes after its back-off and gives the slot away meanwhile", () => {
    const rig = begin({ size: 2, retries: [1, 0] }, 1);
    rig.end(0, "failed");
    expect(rig.log).toContainEqual({ type: "back-off", task: 0, retry: 1 });
    expect(rig.started).toEqual([0, 1]);
    rig.send({ type: "retry.due", task: 0 }).end(1, "succeeded");
    expect(rig.log.at(-1)).toMatchObject({ type: "start", task: 0, cause: "retry" });
  });

  test("a failure that a retry cannot mend is not retried", () => {
    const rig = begin({ size: 1, retries: [3] });
    rig.end(0, "failed", { retryable: false }).settle();
    expect(rig.outcomes).toEqual(["failed"]);
  });

  test("only declared dependents of a failed task are skipped, and each names the root", () => {
    const rig = begin({
      size: 4,
      edges: [
        [0, 1, true],
        [1, 2, true],
        [0, 3, false],
      ],
    });
    rig.finish(0, "failed").finish(3);
    expect(rig.outcomes).toEqual(["failed", "skipped", "skipped", "succeeded"]);
    const skips = rig.log.filter((command) => command.type === "skip");
    expect(skips).toEqual([
      { type: "skip", task: 1, cause: { reason: "dependency", task: 0, root: 0 } },
      { type: "skip", task: 2, cause: { reason: "dependency", task: 1, root: 0 } },
    ]);
  });

  test("a lost worker's task starts again without using a retry, and fails when it is lost again", () => {
    const rig = begin({ size: 1 });
    rig.end(0, "lost");
    expect(rig.log.at(-1)).toMatchObject({ type: "start", attempt: 2, cause: "restart" });
    rig.end(0, "lost").settle();
    expect(rig.outcomes).toEqual(["failed"]);
  });

  test("a task that ran out of memory starts again alone", () => {
    const rig = begin({ size: 3, priority: [9, 1, 1] }, 2);
    rig.end(0, "lost", { outOfMemory: true });
    expect(rig.started).toEqual([0, 1]);
    rig.finish(1);
    expect(rig.started).toEqual([0, 1, 0]);
    expect(rig.running).toEqual(new Set([0]));
    rig.finish(0);
    expect(rig.started).toEqual([0, 1, 0, 2]);
  });

  test("a task with effects whose worker was lost is in doubt, is not started again, and suspends the run", () => {
    const rig = begin({ size: 2, once: [0], inTurn: [0] });
    rig.end(1, "succeeded").end(0, "lost");
    expect(rig.outcomes).toEqual(["in-doubt", "skipped"]);
    expect(rig.started).toEqual([1, 0].sort());
    expect(rig.over).toBe(true);
  });

  test("stop: nothing after the first failure is settled, what runs may finish, nothing new starts", () => {
    const rig = begin({ size: 4, onFailure: "stop" }, 2);
    rig.end(0, "failed").settle();
    expect(rig.started).toEqual([0, 1]);
    expect(rig.over).toBe(false);
    rig.end(1, "succeeded");
    expect(rig.outcomes).toEqual(["failed", "skipped", "skipped", "skipped"]);
    expect(rig.over).toBe(true);
  });

  test("cancel on failure: what runs is aborted", () => {
    const rig = begin({ size: 3, onFailure: "cancel" }, 2);
    rig.end(0, "failed").settle();
    expect(rig.log).toContainEqual({ type: "abort", task: 1, cause: { reason: "stopped", task: 0 } });
  });

  test("stop: a failure that turns out to rest on stale reads does not end the run", () => {
    const rig = begin({ size: 3, onFailure: "stop" }, 1);
    rig.end(0, "failed").settle("conflict").end(0, "succeeded").settle();
    rig.finish(1).finish(2);
    expect(rig.outcomes).toEqual(["succeeded", "succeeded", "succeeded"]);
  });
});

describe("cancelling", () => {
  test("running tasks are aborted, nothing more is settled, every task gets an outcome", () => {
    const rig = begin({ size: 3 }, 2);
    rig.send({ type: "run.cancelled", message: "enough" });
    expect(rig.over).toBe(false);
    rig.end(0, "aborted").end(1, "aborted");
    expect(rig.outcomes).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(rig.over).toBe(true);
  });

  test("a settlement that is under way is let through", () => {
    const rig = begin({ size: 2 }, 1);
    rig.end(0, "succeeded").send({ type: "run.cancelled", message: "enough" });
    expect(rig.over).toBe(false);
    rig.end(1, "aborted").settle();
    expect(rig.outcomes).toEqual(["succeeded", "cancelled"]);
  });
});

describe("workers that are lost with others in them", () => {
  test("the innocent keep their restart; each starts again alone", () => {
    const rig = begin({ size: 2, maxRestarts: 1 });
    rig.end(0, "lost", { together: true }).end(1, "lost", { together: true });
    expect(rig.running.size).toBe(1);
    rig.end(0, "lost").end(0, "lost");
    rig.end(1, "lost").finish(1);
    expect(rig.outcomes).toEqual(["failed", "succeeded"]);
  });
});

describe("a run that speculates", () => {
  const chain = { size: 3, edges: [[0, 1, false], [1, 2, true]] as const, speculates: true }; // biome-ignore format: a graph

  test("waits for declared edges alone", () => {
    expect(begin(chain).started).toEqual([0, 1]);
  });

  test("waits for all once that has cost too much; what has started goes on", () => {
    const rig = begin({ size: 4, edges: [[0, 1, false], [0, 2, false], [0, 3, false]], speculates: true }, 2); // biome-ignore format: a graph
    expect(rig.started).toEqual([0, 1]);
    rig.send({ type: "speculation.ended" }).end(1, "succeeded");
    expect(rig.started).toEqual([0, 1]);
    rig.finish(0);
    expect(rig.started).toEqual([0, 1, 2, 3]);
  });
});
