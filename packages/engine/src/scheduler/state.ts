import type { ReadyHeap } from "./ready-heap.ts";

/** What happens to the rest of the run when a task has failed for good. */
export type FailureMode = "continue" | "stop" | "cancel";

/** The fixed part: what is to be scheduled. Tasks are indices in serial order; every edge points forward. */
export interface SchedulerPlan {
  readonly size: number;
  /** Successors of task i: `node[start[i]]` to `node[start[i + 1] - 1]`. */
  readonly start: Uint32Array;
  readonly node: Uint32Array;
  /** 1 where the edge is declared: then the successor needs the success of its predecessor. */
  readonly hard: Uint8Array;
  /** Inferred edges are not waited for, until `speculation.ended`. */
  readonly speculates: boolean;
  /** 1 where the inferred edges into the task are not known yet. */
  readonly held: Uint8Array;
  /** Higher starts first. */
  readonly priority: Float64Array;
  /** Barrier level of each task, or null when tasks start as soon as they are ready. */
  readonly level: Uint32Array | null;
  /** 1 where the task may start only when all before it are settled. */
  readonly inTurn: Uint8Array;
  /** 1 where the task must never be started again after its worker was lost. */
  readonly once: Uint8Array;
  readonly retries: Uint16Array;
  /** Indices of the limits that each task counts against. */
  readonly tags: readonly (readonly number[])[];
  readonly tagLimits: readonly number[];
  /** Memory that the task says it needs, in MiB; NaN when it says nothing. */
  readonly memoryMiB: Float64Array;
  readonly onFailure: FailureMode;
  readonly maxRestarts: number;
  /** How far ahead of the turn a task may start while many conflict, in tasks. */
  readonly lookahead: number;
}

export type Phase = "waiting" | "ready" | "running" | "backoff" | "finished" | "settling" | "done";

/** How a finished task will stand, or a settled one stands. */
export type Outcome = "succeeded" | "failed" | "skipped" | "cancelled" | "in-doubt";

/** Why a task was not run, by index. */
export type Cause =
  | { readonly reason: "dependency" | "input"; readonly task: number; readonly root: number }
  | { readonly reason: "stopped" | "in-doubt"; readonly task: number }
  /** What it had read is different now; it runs again. */
  | { readonly reason: "conflict" }
  /** Nothing more was started, as a budget is spent. */
  | { readonly reason: "budget"; readonly message: string }
  | { readonly reason: "cancelled"; readonly message: string };

export interface TaskState {
  phase: Phase;
  outcome: Outcome | null;
  cause: Cause | null;
  /** Declared predecessors that have not succeeded yet. */
  unmet: number;
  /** Inferred predecessors that are not over yet. */
  unmetSoft: number;
  /** The inferred edges into it are not known yet: it waits for them, or for its turn. */
  held: boolean;
  attempts: number;
  retriesUsed: number;
  restartsUsed: number;
  /** Set by a conflict: the attempt to come starts in the task's turn, so it cannot conflict. */
  conflicted: boolean;
  /** A worker was lost for want of memory, or with others in it: nothing else may run beside the next attempt. */
  alone: boolean;
  next: "first" | "retry" | "restart" | "conflict";
  /** An abort was asked for; what the attempt brings does not count. */
  aborting: boolean;
}

export interface Memory {
  /** What all workers together may use, in MiB. */
  readonly budgetMiB: number;
  /** What they use now. */
  readonly usedMiB: number;
  /** What one more task is expected to need. */
  readonly estimateMiB: number;
}

export interface SchedulerState {
  plan: SchedulerPlan;
  /** Successors by inferred edges that came after the plan, by predecessor. The final plan has them. */
  readonly late: Map<number, number[]>;
  readonly tasks: readonly TaskState[];
  /** Tasks that need nothing but a slot. */
  readonly ready: ReadyHeap;
  /** Tasks that wait for a limit to have room, by limit. */
  readonly waitingForTag: readonly ReadyHeap[];
  readonly waitingForMemory: ReadyHeap;
  /** Tasks behind one that has failed, while its failure is not certain and would end the run. */
  readonly waitingForVerdict: ReadyHeap;
  /** Tasks that have failed and are not settled. */
  readonly unsettledFailures: Set<number>;
  /** Tasks that became ready since somebody last emptied the list; the run loop takes their times. */
  readonly newlyReady: number[];
  /** What each waiting task was last said to wait for. */
  readonly told: Map<number, WaitReason["kind"]>;
  readonly tagUse: number[];
  /** First task that is not settled. */
  turn: number;
  /** Slots in hand and not in use. */
  slots: number;
  /** Slots asked for and not granted yet. */
  wanted: number;
  running: number;
  settling: boolean;
  aloneRunning: boolean;
  memory: Memory;
  /** What running tasks said that they need, in MiB, and how many said nothing. */
  declaredMiB: number;
  undeclaredRunning: number;
  /** Level that is open, and how many tasks of it and below have not finished. */
  openLevel: number;
  readonly levelLeft: Uint32Array;
  /** Inferred edges are not waited for. */
  speculates: boolean;
  /** Tasks that have conflicted. */
  conflicts: number;
  /** Last task that may start now. */
  reach: number;
  /** Set when no more tasks may start, while those that run go on, and what is finished is settled. */
  halted: Cause | null;
  /** Set when no more tasks may start, and none is settled. */
  ending: Cause | null;
  finished: boolean;
}

/** Why a task that could start does not. */
export type WaitReason =
  | { readonly kind: "turn" }
  | { readonly kind: "tag"; readonly tag: number; readonly limit: number }
  /** `needMiB` for the task itself, `othersMiB` for those that run. */
  | ({
      readonly kind: "memory";
      readonly needMiB: number;
      readonly othersMiB: number;
      readonly running: number;
    } & Memory);
