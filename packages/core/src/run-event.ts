import type { AnswerFlaw } from "./answer-flaw.ts";
import type { BudgetAlert, BudgetRefusal } from "./budget.ts";
import type { EdgeSource } from "./edge.ts";
import type { RunId, TaskId } from "./ids.ts";
import type { ModelCallEvent } from "./model-call.ts";
import type { AttemptResources, UsageRecord } from "./usage.ts";
import type { WireError } from "./wire-error.ts";

/** Why a task did not run, or was stopped. */
export type Because =
  /** A task that it depends on failed; `root` is the one where the trouble began. */
  | { readonly reason: "dependency"; readonly taskId: TaskId; readonly root: TaskId }
  /** It took the output of a task that has none. */
  | { readonly reason: "input"; readonly taskId: TaskId; readonly root: TaskId }
  /** Another task failed and the run's failure mode ends the run there. */
  | { readonly reason: "stopped"; readonly taskId: TaskId }
  /** A task before it may or may not have had its effects. */
  | { readonly reason: "in-doubt"; readonly taskId: TaskId }
  /** A budget is spent, so nothing more was started; `done`: it had ended by then, and waits for tasks before it. */
  | { readonly reason: "budget"; readonly message: string; readonly done?: true }
  /** What it had read is different now, see `task.conflicted`; it runs again in its turn. */
  | { readonly reason: "conflict" }
  /** The caller cancelled the run. */
  | { readonly reason: "cancelled"; readonly message: string };

/** What ended an attempt that did not succeed. */
export type FailureKind =
  | "agent"
  | "command"
  | "timeout"
  | "idle"
  | "out-of-memory"
  | "worker-lost"
  | "output"
  | "writes"
  | "input"
  | "disk"
  | "staging";

export interface TaskFailure {
  readonly kind: FailureKind;
  readonly error: WireError;
}

/** Why an attempt was started. */
export type AttemptCause = "first" | "retry" | "restart" | "conflict";

export type AttemptStatus = "succeeded" | "failed" | "lost" | "aborted";

/** A path, or an output, that an attempt had read and that turned out to be different in serial order. */
export interface Conflict {
  /** Path below the shared directory, or `output of <task>`. */
  readonly what: string;
  /** The earlier task that made the difference, when one did. */
  readonly with: TaskId | null;
}

/** A conflict that a policy has settled in place of another attempt. */
export interface SettledConflict extends Conflict {
  readonly policy: string;
}

export type ExecutorKind = "inline" | "thread" | "process";
export type ExecutionMode = "sequential" | "auto" | "parallel";
export type Schedule = "ready" | "levels";
export type RunStatus = "succeeded" | "partial" | "failed" | "cancelled" | "budget-exhausted" | "suspended";

/** The level of the serial guarantee that a run reached. */
export type GuaranteeLevel =
  /** Files and outputs equal a sequential run. */
  | "serial-equivalent"
  /** Some reads were unknown and inferred edges were trusted for them. */
  | "trust-graph"
  /** Conflicts were settled by policies other than by running again; see the reasons. */
  | "merged"
  /** The directory was changed from outside; see the reasons. */
  | "void";

/** What a run may use at most, and why, for the header of a run. */
export interface EffectiveLimits {
  readonly maxWorkers: number;
  /** Threads and processes for work that is bound by the processor. */
  readonly cpuWorkers: number;
  readonly memoryBudgetMiB: number;
  readonly tags: Readonly<Record<string, number>>;
}

export type EventBody =
  | {
      readonly type: "run.started";
      readonly tasks: number;
      readonly mode: ExecutionMode;
      readonly schedule: Schedule;
      readonly dir: string | null;
      readonly limits: EffectiveLimits;
      /** Version of Sheaf. */
      readonly version: string;
    }
  | {
      /** This session goes on with a run that ended before its end. */
      readonly type: "run.resumed";
      /** Tasks at the beginning of the list that are not run again. */
      readonly done: number;
      /** Tasks that had been committed and were taken back, as one before them is to run again. */
      readonly takenBack: readonly TaskId[];
      /** Tasks with a finished attempt that is used where it would read the same. */
      readonly reusable: number;
      /** What a person has decided about tasks in doubt; absent where there were none. */
      readonly decided?: Readonly<Record<TaskId, "again" | "done">>;
    }
  | {
      /** An attempt of an earlier session, or of another run, takes the place of a new one. */
      readonly type: "task.reused";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly from: "resume" | "memo";
      /** What the attempt had cost; null when that is not known. */
      readonly savedUsd: number | null;
    }
  | { readonly type: "run.fallback"; readonly part: string; readonly reason: string }
  | { readonly type: "analysis.started"; readonly sources: readonly EdgeSource[] }
  | {
      /** A model is about to be asked. What the plan promises if none of the tasks needs another. */
      readonly type: "analysis.asking";
      readonly model: string;
      /** Tasks that it is asked about. */
      readonly tasks: number;
      /** Most tasks side by side. */
      readonly width: number;
      readonly criticalPath: readonly TaskId[];
      readonly speedupBound: number;
      /** The bound on the speed-up if it were not asked. */
      readonly withoutBound: number;
    }
  | {
      readonly type: "analysis.finished";
      readonly edges: Readonly<Partial<Record<EdgeSource, number>>>;
      readonly warnings: readonly string[];
      /** Tasks that no model had to be asked about, by answers that were kept; absent where there are none. */
      readonly cached?: number;
      readonly latencyMs: number;
    }
  | { readonly type: "analysis.usage"; readonly usage: UsageRecord }
  /** What was mended in what a model said about dependencies, and how often. */
  | { readonly type: "analysis.repaired"; readonly kind: AnswerFlaw; readonly count: number }
  | {
      readonly type: "run.planned";
      readonly order: readonly TaskId[];
      readonly levels: number;
      /** Most tasks in one level. */
      readonly width: number;
      readonly criticalPath: readonly TaskId[];
      /** Speed-up that no schedule with these workers can beat, by the estimates. */
      readonly speedupBound: number;
      readonly summary: string;
      /** Tasks that declare no reads and start by inferred edges all the same; absent where there are none. */
      readonly trusted?: readonly TaskId[];
    }
  | { readonly type: "dir.staged"; readonly rung: string; readonly files: number; readonly why: string }
  | {
      readonly type: "dir.changed-outside";
      readonly paths: readonly string[];
      /** Committed tasks that stay although they had read something else there; absent where there are none. */
      readonly readers?: readonly TaskId[];
    }
  | { readonly type: "task.waiting"; readonly taskId: TaskId; readonly reason: string }
  | {
      readonly type: "attempt.started";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly cause: AttemptCause;
      readonly executor: ExecutorKind;
      /** Name of the agent; "command" for shell commands. */
      readonly agent: string;
      /** Heading under which the attempt's cost is summed. */
      readonly route: string;
      /** It asks models past the gateway, where nobody counts. Absent otherwise. */
      readonly unmetered?: true;
      /** Tags of the task, and of its agent; absent where there are none. */
      readonly tags?: readonly string[];
    }
  /** An attempt asks models on a way of its own, or no gateway could be opened for it: nobody counts what it asks. */
  | { readonly type: "attempt.unmetered"; readonly taskId: TaskId; readonly attempt: number }
  | {
      readonly type: "attempt.progress";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly fraction: number | null;
      readonly message: string | null;
    }
  | {
      readonly type: "attempt.logged";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly message: string;
    }
  | {
      /** What an agent says of a model call, or a row of a cost file of several. */
      readonly type: "attempt.usage";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly usage: UsageRecord;
      /** Other events have told of it, and they count. */
      readonly counted?: false;
      /** Name of the cost file; absent where the agent says it by itself. */
      readonly file?: string;
    }
  | ModelCallEvent
  /** So much of a budget is spent, or it cannot be held to. */
  | (BudgetAlert & { readonly type: "budget.alert" })
  /** A call of an attempt was not made, as a budget has no room for it. Told once for each attempt, budget and reason. */
  | (BudgetRefusal & {
      readonly type: "budget.refused";
      readonly taskId: TaskId;
      readonly attempt: number;
      /** Model that was asked for; null where the request names none. */
      readonly model: string | null;
    })
  | {
      readonly type: "attempt.finished";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly status: AttemptStatus;
      readonly failure: TaskFailure | null;
      /** It failed for want of an answer that budgets had no room for, which is no failure of the task. */
      readonly refused?: true;
      readonly because: Because | null;
      readonly resources: AttemptResources;
      /** What the output is, without its values: "object with 3 keys: a, b, c". */
      readonly output: string | null;
      /** Paths that the attempt changed, the first hundred. */
      readonly changed: readonly string[];
    }
  | {
      readonly type: "task.retrying";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly delayMs: number;
    }
  | {
      readonly type: "task.conflicted";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly conflicts: readonly Conflict[];
    }
  | {
      /** Conflicts at paths that the task changed were settled by policies; it is committed next. */
      readonly type: "task.merged";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly merges: readonly SettledConflict[];
    }
  | {
      readonly type: "task.committed";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly files: number;
      readonly bytes: number;
      readonly deleted: number;
    }
  | {
      readonly type: "task.failed";
      readonly taskId: TaskId;
      readonly attempt: number;
      readonly failure: TaskFailure;
    }
  | { readonly type: "task.skipped"; readonly taskId: TaskId; readonly because: Because }
  | { readonly type: "task.cancelled"; readonly taskId: TaskId; readonly because: Because }
  | { readonly type: "run.cancelling"; readonly message: string }
  | {
      /** The machine that a run of more than a second was on, and how busy it was, with this run and all else. */
      readonly type: "run.machine";
      readonly processor: string;
      readonly cores: number;
      /** What the machine, or the container, has. */
      readonly memoryMiB: number;
      /** Share of all processors in use while the run lasted, 0 to 100. */
      readonly busyPercent: number;
    }
  | {
      readonly type: "run.finished";
      readonly status: RunStatus;
      readonly wallMs: number;
      readonly totalUsd: number | null;
      readonly guarantee: GuaranteeLevel;
      /** Longest chain of tasks that waited for each other, by measured times; absent where some did not run, or not in this session. */
      readonly criticalPath?: { readonly tasks: readonly TaskId[]; readonly ms: number };
      /** Hash of the committed tree; absent where it was not asked for or could not be had. */
      readonly rootHash?: string;
      /** Paths in frozen folders that were written in this session; absent where there are none. */
      readonly frozen?: readonly string[];
    };

/** One thing that happened in a run. `seq` counts from 0 without gaps; `at` is milliseconds since 1970. */
export type RunEvent = { readonly seq: number; readonly at: number; readonly runId: RunId } & EventBody;

export type EventType = EventBody["type"];
export type EventOf<T extends EventType> = Extract<RunEvent, { type: T }>;
