import type { Cause, Memory, SchedulerPlan, WaitReason } from "./state.ts";

/** What the run loop reports. Tasks are indices in serial order. */
export type SchedulerEvent =
  | { readonly type: "run.started" }
  /** One more slot is in hand. */
  | { readonly type: "slot.granted" }
  | {
      readonly type: "attempt.ended";
      readonly task: number;
      readonly ended: "succeeded" | "failed" | "lost" | "aborted";
      /** A failure that another attempt may mend. */
      readonly retryable: boolean;
      /** The worker was lost because memory ran out. */
      readonly outOfMemory: boolean;
      /** The worker was lost with other attempts in it, and any of them may be the cause; absent: false. */
      readonly together?: boolean;
      /** A call of it was refused by a budget, so that its failure is none of its own; absent: false. */
      readonly refused?: boolean;
    }
  | { readonly type: "retry.due"; readonly task: number }
  | {
      readonly type: "task.settled";
      readonly task: number;
      /** refused: what the task wrote cannot be committed, so it failed. skipped: it took an output that is none. */
      readonly verdict: "committed" | "conflict" | "refused" | "skipped";
      readonly cause?: Cause;
    }
  /** What an attempt that runs, or has ended and is not settled, had read is different now. */
  | { readonly type: "attempt.doomed"; readonly task: number }
  /** Too much of what was done ahead was done in vain. */
  | { readonly type: "speculation.ended" }
  | { readonly type: "memory.measured"; readonly memory: Memory }
  /** The inferred edges into a held task are known: from these, which come before it in serial order. */
  | { readonly type: "task.released"; readonly task: number; readonly predecessors: readonly number[] }
  /** All edges are known. The plan is about the same tasks, holds none and has the same declared edges, and no levels. */
  | { readonly type: "plan.final"; readonly plan: SchedulerPlan }
  /** A budget is spent. */
  | { readonly type: "run.halted"; readonly message: string }
  | { readonly type: "run.cancelled"; readonly message: string };

/** What the run loop is to do. */
export type SchedulerCommand =
  | {
      readonly type: "start";
      readonly task: number;
      readonly attempt: number;
      readonly cause: "first" | "retry" | "restart" | "conflict";
    }
  /** Validate what the task has done against the settled prefix and commit it. */
  | { readonly type: "settle"; readonly task: number }
  /** Wait a while, then report retry.due. `retry` counts from 1. */
  | { readonly type: "back-off"; readonly task: number; readonly retry: number }
  | { readonly type: "skip"; readonly task: number; readonly cause: Cause }
  /** The task may or may not have had its effects; somebody has to decide. */
  | { readonly type: "doubt"; readonly task: number }
  | { readonly type: "abort"; readonly task: number; readonly cause: Cause }
  | { readonly type: "tell-wait"; readonly task: number; readonly reason: WaitReason }
  /** How many more slots could be used now. */
  | { readonly type: "want-slots"; readonly slots: number }
  /** Slots that are in hand and not needed. */
  | { readonly type: "return-slots"; readonly slots: number }
  /** Nothing runs any more and every task has its outcome. */
  | { readonly type: "finish" };
