import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PlanSpec, planOf, Rig } from "./scheduler-rig.ts";
import { mayBeDoomed } from "./transitions.ts";

interface Case {
  readonly spec: PlanSpec & { readonly retries: readonly number[] };
  readonly capacity: number;
  /** Per task: how many attempts on true data fail before one succeeds; Infinity-like = always fails. */
  readonly failures: readonly number[];
  /** Per task: what its first attempt brings when it read stale data, or null when it read the truth. */
  readonly stale: readonly ("succeeded" | "failed" | null)[];
  readonly losses: readonly number[];
  readonly choices: readonly number[];
  /** Per task: move at which it is said that what it had read is different now; often nothing of it is open then. */
  readonly dooms: readonly number[];
  /** Move at which the run gives speculation up. */
  readonly speculationEnds: number;
  /** What becomes known while tasks run; absent where the plan is final from the start. */
  readonly late?: Late;
}

interface Late {
  /** Inferred edges that releases tell of, by task. */
  readonly into: readonly (readonly number[])[];
  /** Per task: move at which it is released, if it is held then; many are never. */
  readonly released: readonly number[];
  /** Move at which the plan is final; sometimes never. */
  readonly final: number;
  readonly plan: PlanSpec;
}

const schedules: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 12 }).chain((size) => {
  const each = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: size, maxLength: size });
  return fc
    .record({
      pairs: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1), fc.boolean()), { maxLength: 30 }),
      priority: each(fc.nat(5)),
      inTurn: fc.subarray([...Array(size).keys()]),
      once: fc.subarray([...Array(size).keys()]),
      onFailure: fc.constantFrom("continue" as const, "stop" as const, "cancel" as const),
      memoryMiB: each(fc.constantFrom(Number.NaN, Number.NaN, 10, 40)),
      retries: each(fc.nat(2)),
      failures: each(fc.constantFrom(0, 0, 0, 0, 1, 9)),
      stale: each(fc.constantFrom(null, null, null, "succeeded" as const, "failed" as const)),
      losses: each(fc.constantFrom(0, 0, 0, 1)),
      capacity: fc.integer({ min: 1, max: 5 }),
      barrier: fc.boolean(),
      tags: each(fc.subarray([0, 1, 2])),
      speculates: fc.boolean(),
      lookahead: fc.nat(5),
      dooms: each(fc.nat(40)),
      speculationEnds: fc.nat(30),
      choices: fc.array(fc.nat(1000), { minLength: 400, maxLength: 400 }),
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
        // What has effects starts in its turn.
        inTurn: [...new Set([...raw.inTurn, ...raw.once])],
        once: raw.once,
        retries: raw.retries,
        tags: raw.tags,
        tagLimits: [2, 1, 1],
        memoryMiB: raw.memoryMiB,
        onFailure: raw.onFailure,
        speculates: raw.speculates,
        lookahead: raw.lookahead,
      };
      return { ...raw, spec };
    });
});

const MOST_TASKS = 12;

const lateEdges = fc.record({
  held: fc.subarray([...Array(MOST_TASKS).keys()]),
  pairs: fc.array(fc.tuple(fc.nat(MOST_TASKS - 1), fc.nat(MOST_TASKS - 1)), { maxLength: 30 }),
  finalPairs: fc.array(fc.tuple(fc.nat(MOST_TASKS - 1), fc.nat(MOST_TASKS - 1)), { maxLength: 30 }),
  priority: fc.array(fc.nat(5), { minLength: MOST_TASKS, maxLength: MOST_TASKS }),
  released: fc.array(fc.nat(60), { minLength: MOST_TASKS, maxLength: MOST_TASKS }),
  final: fc.nat(60),
});

/** The same, where tasks are held and inferred edges come, change and go while they run. */
const lateSchedules: fc.Arbitrary<Case> = fc.tuple(schedules, lateEdges).map(([one, late]) => {
  const { level: _, ...spec } = one.spec;
  const forward = (pairs: typeof late.pairs) =>
    pairs.flatMap(([a, b]) => (a < b && b < spec.size ? [[a, b, false] as const] : []));
  const declared = (spec.edges ?? []).filter(([, , isDeclared]) => isDeclared);
  const isDeclared = ([a, b]: readonly [number, number, boolean]): boolean =>
    declared.some(([from, to]) => from === a && to === b);
  const final = forward(late.finalPairs).filter((pair) => !isDeclared(pair));
  const into = Array.from({ length: spec.size }, (_, task) =>
    forward(late.pairs).flatMap(([from, to]) => (to === task ? [from] : [])),
  );
  const held = late.held.filter((task) => task < spec.size);
  const plan = { ...spec, edges: [...declared, ...final], priority: late.priority.slice(0, spec.size) };
  return {
    ...one,
    spec: { ...spec, held },
    late: { into, released: late.released, final: late.final, plan },
  };
});

function levelsOf(size: number, edges: readonly (readonly [number, number, boolean])[]): number[] {
  const level = new Array<number>(size).fill(0);
  for (let to = 0; to < size; to++) {
    for (const [a, b] of edges) if (b === to) level[to] = Math.max(level[to]!, level[a]! + 1);
  }
  return level;
}

/** The plain reference: one task after another. */
function sequentially({ spec, failures, losses }: Case): readonly string[] {
  const outcomes: string[] = [];
  let over = false;
  for (let i = 0; i < spec.size; i++) {
    const needed = (spec.edges ?? [])
      .filter(([, to, declared]) => declared && to === i)
      .map(([from]) => from);
    if (over || needed.some((from) => outcomes[from] !== "succeeded")) outcomes.push("skipped");
    else if (spec.once!.includes(i) && losses[i]! > 0) outcomes.push("in-doubt");
    else outcomes.push(failures[i]! > spec.retries[i]! ? "failed" : "succeeded");
    over ||= outcomes[i] === "in-doubt" || (outcomes[i] === "failed" && spec.onFailure !== "continue");
  }
  return outcomes;
}

function drive(one: Case, haltsAt = -1): Rig {
  const rig = new Rig(one.spec, one.capacity);
  const { size } = one.spec;
  const failed = new Array<number>(size).fill(0);
  const lost = new Array<number>(size).fill(0);
  const settled = new Array<boolean>(size).fill(false);
  const staleRead = new Array<boolean>(size).fill(false);
  const backoffs: number[] = [];
  let seenCommands = 0;
  let startedBefore: number | null = null;
  rig.send({ type: "run.started" });
  for (let n = 0; !rig.over; n++) {
    expect(n, "the run must end").toBeLessThan(400);
    for (; seenCommands < rig.log.length; seenCommands++) {
      const command = rig.log[seenCommands]!;
      if (command.type === "back-off") backoffs.push(command.task);
      if (command.type === "skip") settled[command.task] = true;
    }
    for (let task = 0; task < size; task++) {
      if (one.dooms[task] !== n) continue;
      if (mayBeDoomed(rig.state, task)) {
        failed[task] = 0;
        staleRead[task] = false;
      }
      rig.send({ type: "attempt.doomed", task });
    }
    if (one.late !== undefined) learn(rig, one.late, n);
    if (n === haltsAt) {
      rig.send({ type: "run.halted", message: "spent" });
      startedBefore = rig.started.length;
      if (rig.over) break;
    }
    if (n === one.speculationEnds) rig.send({ type: "speculation.ended" });
    const moves: (() => void)[] = [];
    for (const task of rig.running) {
      moves.push(() => {
        const attempt = rig.state.tasks[task]!;
        // The abort may come too late.
        const late = (["aborted", "aborted", "succeeded", "failed", "lost"] as const)[one.choices[n]! % 5]!;
        if (attempt.aborting) return void rig.end(task, late);
        if (lost[task]! < one.losses[task]!) {
          lost[task]! += 1;
          return void rig.end(task, "lost", {
            outOfMemory: one.choices[n]! % 3 === 0,
            together: one.choices[n]! % 2 === 0,
          });
        }
        // Calls may be refused before the halt, too, as long as others hold what is left.
        if (haltsAt >= 0 && one.choices[n]! % 5 === 0) return void rig.end(task, "failed", { refused: true });
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
    // What the others use, and what one may need, changes all the time.
    if (n < 60) {
      const usedMiB = one.choices[n]! % 70;
      moves.push(() => {
        rig.send({ type: "memory.measured", memory: { budgetMiB: 60, usedMiB, estimateMiB: usedMiB % 25 } });
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
    const waiting = rig.running.size === 0 && rig.settling === null && backoffs.length === 0;
    expect(waiting, "something must be under way").toBe(false);
    moves[one.choices[n]! % moves.length]!();
  }
  expect(rig.started.length, "nothing starts after a halt").toBe(startedBefore ?? rig.started.length);
  return rig;
}

function learn(rig: Rig, late: Late, n: number): void {
  late.into.forEach((predecessors, task) => {
    if (late.released[task] === n) rig.send({ type: "task.released", task, predecessors });
  });
  if (late.final === n) rig.send({ type: "plan.final", plan: planOf(late.plan) });
}

describe("any graph, any order of events", () => {
  test("outcomes equal those of running one after another", () => {
    fc.assert(
      fc.property(schedules, (one) => {
        expect(drive(one).outcomes).toEqual(sequentially(one));
      }),
      cases({ ci: 3_000, deep: 60_000 }),
    );
  });

  test("the same while edges come, change and go, and tasks are held until then", () => {
    let waited = 0;
    fc.assert(
      fc.property(lateSchedules, (one) => {
        const rig = drive(one);
        expect(rig.outcomes).toEqual(sequentially(one));
        waited += Number(rig.waitedLate);
      }),
      cases({ ci: 1_000, deep: 60_000 }),
    );
    expect(waited).toBeGreaterThan(0);
  });

  test("halting at any moment starts nothing more, and leaves the outcomes of a beginning of the list", () => {
    let between = 0;
    fc.assert(
      fc.property(schedules, fc.nat(60), (one, moment) => {
        const rig = drive(one, moment);
        const expected = sequentially(one);
        const rest = rig.outcomes.findIndex((_, i) => rig.state.tasks[i]!.cause?.reason === "budget");
        const settled = rest < 0 ? rig.outcomes.length : rest;
        expect(rig.outcomes.slice(0, settled)).toEqual(expected.slice(0, settled));
        expect(rig.outcomes.slice(settled).every((outcome) => outcome === "skipped")).toBe(true);
        between += Number(settled > 0 && settled < rig.outcomes.length);
      }),
      cases({ ci: 700, deep: 20_000 }),
    );
    expect(between).toBeGreaterThan(0);
  });

  test("cancelling at any moment ends the run and leaves every task with an outcome", () => {
    fc.assert(
      fc.property(fc.oneof(schedules, lateSchedules), fc.nat(40), (one, moment) => {
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
      cases({ ci: 1_000, deep: 20_000 }),
    );
  });
});
