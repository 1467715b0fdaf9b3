import { describe, expect, test } from "vitest";
import { type PlanSpec, planOf, Rig } from "./scheduler-rig.ts";

const begin = (spec: PlanSpec, capacity = 8): Rig => new Rig(spec, capacity).send({ type: "run.started" });

describe("a held task", () => {
  test("starts when it is released and waits for nobody", () => {
    const rig = begin({ size: 3, held: [1, 2] });
    expect(rig.started).toEqual([0]);
    rig.send({ type: "task.released", task: 2, predecessors: [] });
    expect(rig.started).toEqual([0, 2]);
  });

  test("waits for the predecessors that its release names, and not for those that are over", () => {
    const rig = begin({ size: 4, held: [2, 3] });
    rig.end(1, "succeeded");
    rig.send({ type: "task.released", task: 2, predecessors: [0, 1] });
    rig.send({ type: "task.released", task: 3, predecessors: [1] });
    expect(rig.started).toEqual([0, 1, 3]);
    rig.end(0, "succeeded");
    expect(rig.started).toEqual([0, 1, 3, 2]);
  });

  test("waits again when such a predecessor runs again", () => {
    const rig = begin({ size: 4, held: [3] }, 3);
    rig.end(1, "succeeded").send({ type: "task.released", task: 3, predecessors: [1, 2] });
    rig.send({ type: "attempt.doomed", task: 1 }).end(2, "succeeded");
    expect(rig.started).toEqual([0, 1, 2]);
    rig.finish(0).finish(1);
    expect(rig.started).toEqual([0, 1, 2, 1, 3]);
  });

  test("starts in its turn although nothing is known of it: all that it could wait for is settled", () => {
    const rig = begin({ size: 3, held: [0, 1, 2] });
    expect(rig.started).toEqual([0]);
    rig.end(0, "succeeded");
    expect(rig.started).toEqual([0]);
    rig.settle();
    expect(rig.started).toEqual([0, 1]);
    rig.finish(1).finish(2);
    expect(rig.over).toBe(true);
  });

  test("waits for its declared predecessors whatever its release says", () => {
    const rig = begin({ size: 3, held: [2], edges: [[1, 2, true]] });
    rig.send({ type: "task.released", task: 2, predecessors: [] });
    expect(rig.started).toEqual([0, 1]);
    rig.end(1, "failed").finish(0).settle();
    expect(rig.outcomes).toEqual(["succeeded", "failed", "skipped"]);
  });

  test("is not held where the run speculates, and is once that has cost too much", () => {
    const rig = begin({ size: 4, held: [1, 2, 3], speculates: true }, 2);
    expect(rig.started).toEqual([0, 1]);
    rig.send({ type: "speculation.ended" }).end(1, "succeeded");
    expect(rig.started).toEqual([0, 1]);
    rig.send({ type: "task.released", task: 3, predecessors: [] });
    expect(rig.started).toEqual([0, 1, 3]);
  });
});

describe("the final plan", () => {
  const final = (spec: PlanSpec) => ({ type: "plan.final", plan: planOf(spec) }) as const;

  test("lets go whatever is held, by its own edges", () => {
    const rig = begin({ size: 4, held: [1, 2, 3] });
    rig.send(final({ size: 4, edges: [[0, 2, false], [1, 3, false]] })); // biome-ignore format: a graph
    expect(rig.started).toEqual([0, 1]);
    rig.end(1, "succeeded");
    expect(rig.started).toEqual([0, 1, 3]);
  });

  test("takes the place of what releases said, for tasks that have not started", () => {
    const rig = begin({ size: 3, held: [1, 2] });
    rig.send({ type: "task.released", task: 1, predecessors: [0] });
    rig.send({ type: "task.released", task: 2, predecessors: [0] });
    expect(rig.started).toEqual([0]);
    rig.send(final({ size: 3, edges: [[0, 2, false]] }));
    expect(rig.started).toEqual([0, 1]);
  });

  test("takes a ready task back that has something to wait for after all", () => {
    const rig = begin({ size: 3 }, 2);
    rig.send(final({ size: 3, edges: [[1, 2, false]] })).end(0, "succeeded");
    expect(rig.started).toEqual([0, 1]);
    rig.end(1, "succeeded");
    expect(rig.started).toEqual([0, 1, 2]);
  });

  test("says who is urgent, also among those that were ready before", () => {
    const rig = begin({ size: 5, priority: [9, 5, 4, 3, 2] }, 1);
    rig.send(final({ size: 5, priority: [0, 1, 2, 4, 3] }));
    for (const task of [0, 3, 4, 2, 1]) rig.end(task, "succeeded");
    expect(rig.started).toEqual([0, 3, 4, 2, 1]);
  });
});
