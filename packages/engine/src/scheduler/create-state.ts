import { ReadyHeap } from "./ready-heap.ts";
import type { Memory, SchedulerPlan, SchedulerState, TaskState } from "./state.ts";
import { countUnmet } from "./unmet.ts";

const NO_LIMIT: Memory = { budgetMiB: Number.POSITIVE_INFINITY, usedMiB: 0, estimateMiB: 0 };

function newTask(): TaskState {
  return {
    phase: "waiting",
    outcome: null,
    cause: null,
    unmet: 0,
    unmetSoft: 0,
    held: false,
    attempts: 0,
    retriesUsed: 0,
    restartsUsed: 0,
    conflicted: false,
    alone: false,
    next: "first",
    aborting: false,
  };
}

/** What earlier sessions of the run have done. */
export interface EarlierWork {
  /** Tasks at the beginning of the order that have succeeded and are settled. */
  readonly done: number;
  /** Attempts that each task has had. */
  readonly attempts: readonly number[];
}

/** Returns the state before anything has happened in this session. */
export function createSchedulerState(
  plan: SchedulerPlan,
  earlier: EarlierWork | null = null,
): SchedulerState {
  const tasks = Array.from({ length: plan.size }, newTask);
  const done = earlier?.done ?? 0;
  tasks.forEach((task, i) => {
    task.attempts = earlier?.attempts[i] ?? 0;
    task.held = plan.held[i] === 1;
    if (i >= done) return;
    task.phase = "done";
    task.outcome = "succeeded";
  });
  countUnmet(plan, tasks);
  const levels = plan.level === null ? 0 : plan.level.reduce((most, level) => Math.max(most, level + 1), 0);
  const levelLeft = new Uint32Array(levels);
  for (const level of plan.level?.subarray(done) ?? []) levelLeft[level]! += 1;
  let openLevel = 0;
  while (openLevel < levels - 1 && levelLeft[openLevel] === 0) openLevel += 1;
  // A conflicted task stands at the front of the order and everything waits for it.
  const rank = (task: number): number =>
    tasks[task]!.conflicted ? Number.POSITIVE_INFINITY : state.plan.priority[task]!;
  const state: SchedulerState = {
    plan,
    late: new Map(),
    tasks,
    ready: new ReadyHeap(plan.size, rank),
    waitingForTag: plan.tagLimits.map(() => new ReadyHeap(plan.size, rank)),
    waitingForMemory: new ReadyHeap(plan.size, rank),
    waitingForVerdict: new ReadyHeap(plan.size, rank),
    unsettledFailures: new Set(),
    newlyReady: [],
    told: new Map(),
    tagUse: plan.tagLimits.map(() => 0),
    turn: done,
    slots: 0,
    wanted: 0,
    running: 0,
    settling: false,
    aloneRunning: false,
    memory: NO_LIMIT,
    declaredMiB: 0,
    undeclaredRunning: 0,
    openLevel,
    levelLeft,
    speculates: plan.speculates,
    conflicts: 0,
    reach: plan.size - 1,
    halted: null,
    ending: null,
    finished: false,
  };
  return state;
}
