import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkInvariants } from "./check-invariants.ts";
import type { SchedulerCommand, SchedulerEvent } from "./messages.ts";
import { createSchedulerState, type FailureMode, type SchedulerPlan, type SchedulerState } from "./state.ts";
import { step } from "./step.ts";

interface PlanSpec {
  readonly size: number;
  /** [from, to, declared] */
  readonly edges?: readonly (readonly [number, number, boolean])[];
  readonly priority?: readonly number[];
  readonly level?: readonly number[];
  readonly inTurn?: readonly number[];
  readonly once?: readonly number[];
  readonly retries?: readonly number[];
  readonly tags?: readonly (readonly number[])[];
  readonly tagLimits?: readonly number[];
  readonly memoryMiB?: readonly number[];
  readonly onFailure?: FailureMode;
  readonly maxRestarts?: number;
}

function planOf(spec: PlanSpec): SchedulerPlan {
  const { size } = spec;
  const edges = [...(spec.edges ?? [])].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const start = new Uint32Array(size + 1);
  for (const [from] of edges) start[from + 1]! += 1;
  for (let i = 0; i < size; i++) start[i + 1]! += start[i]!;
  const flags = (on: readonly number[] = []) =>
    Uint8Array.from({ length: size }, (_, i) => Number(on.includes(i)));
  return {
    size,
    start,
    node: Uint32Array.from(edges, ([, to]) => to),
    hard: Uint8Array.from(edges, ([, , declared]) => Number(declared)),
    priority: Float64Array.from({ length: size }, (_, i) => spec.priority?.[i] ?? 1),
    level: spec.level === undefined ? null : Uint32Array.from(spec.level),
    inTurn: flags(spec.inTurn),
    once: flags(spec.once),
    retries: Uint16Array.from({ length: size }, (_, i) => spec.retries?.[i] ?? 0),
    tags: Array.from({ length: size }, (_, i) => spec.tags?.[i] ?? []),
    tagLimits: spec.tagLimits ?? [],
    memoryMiB: Float64Array.from({ length: size }, (_, i) => spec.memoryMiB?.[i] ?? Number.NaN),
    onFailure: spec.onFailure ?? "continue",
    maxRestarts: spec.maxRestarts ?? 1,
  };
}

/** Drives a scheduler by hand: grants slots up to `capacity` as they are wanted, and records what it says. */
class Rig {
  readonly state: SchedulerState;
  readonly log: SchedulerCommand[] = [];
  readonly running = new Set<number>();
  settling: number | null = null;
  #wanted = 0;
  #held = 0;

  readonly capacity: number;

  constructor(spec: PlanSpec, capacity: number) {
    this.capacity = capacity;
    this.state = createSchedulerState(planOf(spec));
  }

  send(event: SchedulerEvent): this {
    const queue = [event];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (next.type === "attempt.ended") {
        this.running.delete(next.task);
        this.#held -= 1;
      }
      for (const command of step(this.state, next)) this.#take(command);
      checkInvariants(this.state);
      expect(this.running.size).toBeLessThanOrEqual(this.capacity);
      if (queue.length === 0 && this.#wanted > 0 && this.#held < this.capacity) {
        this.#held += 1;
        this.#wanted -= 1;
        queue.push({ type: "slot.granted" });
      }
    }
    return this;
  }

  #take(command: SchedulerCommand): void {
    this.log.push(command);
    if (command.type === "start") this.running.add(command.task);
    if (command.type === "settle") this.settling = command.task;
    if (command.type === "want-slots") this.#wanted = command.slots;
    if (command.type === "return-slots") this.#held -= command.slots;
  }

  end(task: number, ended: "succeeded" | "failed" | "lost" | "aborted", more: object = {}): this {
    return this.send({
      type: "attempt.ended",
      task,
      ended,
      retryable: ended === "failed",
      outOfMemory: false,
      ...more,
    });
  }

  settle(verdict: "committed" | "conflict" | "refused" | "skipped" = "committed"): this {
    const task = this.settling!;
    this.settling = null;
    return this.send({ type: "task.settled", task, verdict });
  }

  /** Ends a task and settles whatever can be settled. */
  finish(task: number, ended: "succeeded" | "failed" = "succeeded"): this {
    this.end(task, ended);
    while (this.settling !== null) this.settle();
    return this;
  }

  get started(): readonly number[] {
    return this.log.flatMap((command) => (command.type === "start" ? [command.task] : []));
  }

  get outcomes(): readonly (string | null)[] {
    return this.state.tasks.map((task) => task.outcome);
  }

  get over(): boolean {
    return this.log.some((command) => command.type === "finish");
  }
}

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

interface Case {
  readonly spec: PlanSpec & { readonly retries: readonly number[] };
  readonly capacity: number;
  /** Per task: how many attempts on true data fail before one succeeds; Infinity-like = always fails. */
  readonly failures: readonly number[];
  /** Per task: what its first attempt brings when it read stale data, or null when it read the truth. */
  readonly stale: readonly ("succeeded" | "failed" | null)[];
  readonly losses: readonly number[];
  readonly choices: readonly number[];
}

const cases: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 12 }).chain((size) => {
  const each = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: size, maxLength: size });
  return fc
    .record({
      pairs: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1), fc.boolean()), { maxLength: 30 }),
      priority: each(fc.nat(5)),
      inTurn: fc.subarray([...Array(size).keys()]),
      retries: each(fc.nat(2)),
      failures: each(fc.constantFrom(0, 0, 0, 0, 1, 9)),
      stale: each(fc.constantFrom(null, null, null, "succeeded" as const, "failed" as const)),
      losses: each(fc.constantFrom(0, 0, 0, 1)),
      capacity: fc.integer({ min: 1, max: 5 }),
      barrier: fc.boolean(),
      tagged: fc.subarray([...Array(size).keys()]),
      choices: fc.array(fc.nat(1000), { minLength: 200, maxLength: 200 }),
    })
    .map((raw) => {
      const edges = new Map<string, readonly [number, number, boolean]>();
      for (const [a, b, declared] of raw.pairs) {
        if (a !== b)
          edges.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [Math.min(a, b), Math.max(a, b), declared]);
      }
      const level = raw.barrier ? levelsOf(size, [...edges.values()]) : undefined;
      const spec = {
        size,
        edges: [...edges.values()],
        ...(level === undefined ? {} : { level }),
        priority: raw.priority,
        inTurn: raw.inTurn,
        retries: raw.retries,
        tags: Array.from({ length: size }, (_, i) => (raw.tagged.includes(i) ? [0] : [])),
        tagLimits: [2],
      };
      return { ...raw, spec };
    });
});

function levelsOf(size: number, edges: readonly (readonly [number, number, boolean])[]): number[] {
  const level = new Array<number>(size).fill(0);
  for (let to = 0; to < size; to++) {
    for (const [a, b] of edges) if (b === to) level[to] = Math.max(level[to]!, level[a]! + 1);
  }
  return level;
}

/** The plain reference: one task after another. */
function sequentially({ spec, failures }: Case): readonly string[] {
  const outcomes: string[] = [];
  for (let i = 0; i < spec.size; i++) {
    const needed = (spec.edges ?? [])
      .filter(([, to, declared]) => declared && to === i)
      .map(([from]) => from);
    if (needed.some((from) => outcomes[from] !== "succeeded")) outcomes.push("skipped");
    else outcomes.push(failures[i]! > spec.retries[i]! ? "failed" : "succeeded");
  }
  return outcomes;
}

function drive(one: Case): Rig {
  const rig = new Rig(one.spec, one.capacity);
  const { size } = one.spec;
  const failed = new Array<number>(size).fill(0);
  const lost = new Array<number>(size).fill(0);
  const settled = new Array<boolean>(size).fill(false);
  const staleRead = new Array<boolean>(size).fill(false);
  const backoffs: number[] = [];
  let seenCommands = 0;
  rig.send({ type: "run.started" });
  for (let n = 0; !rig.over; n++) {
    expect(n, "the run must end").toBeLessThan(200);
    for (; seenCommands < rig.log.length; seenCommands++) {
      const command = rig.log[seenCommands]!;
      if (command.type === "back-off") backoffs.push(command.task);
      if (command.type === "skip") settled[command.task] = true;
    }
    const moves: (() => void)[] = [];
    for (const task of rig.running) {
      moves.push(() => {
        const attempt = rig.state.tasks[task]!;
        if (attempt.aborting) return void rig.end(task, "aborted");
        if (lost[task]! < one.losses[task]!) {
          lost[task]! += 1;
          return void rig.end(task, "lost");
        }
        // Only an attempt that did not start in its turn can have read what is not settled.
        staleRead[task] =
          one.stale[task] !== null && !attempt.conflicted && one.spec.inTurn?.includes(task) !== true;
        if (staleRead[task]) return void rig.end(task, one.stale[task]!);
        const fails = failed[task]! < one.failures[task]!;
        failed[task]! += 1;
        return void rig.end(task, fails ? "failed" : "succeeded");
      });
    }
    for (const task of backoffs) {
      moves.push(() => {
        backoffs.splice(backoffs.indexOf(task), 1);
        rig.send({ type: "retry.due", task });
      });
    }
    if (rig.settling !== null) {
      const task = rig.settling;
      moves.push(() => {
        if (staleRead[task]) {
          staleRead[task] = false;
          failed[task] = 0;
          rig.settle("conflict");
        } else {
          settled[task] = true;
          rig.settle();
        }
      });
    }
    expect(moves.length, "something must be able to happen").toBeGreaterThan(0);
    moves[one.choices[n]! % moves.length]!();
  }
  return rig;
}

describe("any graph, any order of events", () => {
  test("outcomes equal those of running one after another", () => {
    fc.assert(
      fc.property(cases, (one) => {
        expect(drive(one).outcomes).toEqual(sequentially(one));
      }),
      { numRuns: 2_000 },
    );
  });

  test("cancelling at any moment ends the run and leaves every task with an outcome", () => {
    fc.assert(
      fc.property(cases, fc.nat(40), (one, moment) => {
        const rig = new Rig(one.spec, one.capacity);
        rig.send({ type: "run.started" });
        for (let n = 0; n < moment && !rig.over; n++) {
          if (rig.settling !== null) rig.settle();
          else if (rig.running.size > 0)
            rig.end([...rig.running][one.choices[n]! % rig.running.size]!, "succeeded");
        }
        rig.send({ type: "run.cancelled", message: "enough" });
        for (const task of [...rig.running]) rig.end(task, "aborted");
        if (rig.settling !== null) rig.settle();
        expect(rig.over).toBe(true);
        expect(rig.outcomes.every((outcome) => outcome !== null)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
