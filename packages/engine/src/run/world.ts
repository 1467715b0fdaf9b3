import type {
  AttemptResources,
  AttemptStatus,
  Because,
  Clock,
  EffectiveLimits,
  EventBody,
  RunEvent,
  RunId,
  TakenInput,
  Task,
  TaskFailure,
} from "@sheaf/core";
import type { CostBook, Journal } from "@sheaf/ledger";
import type { Effects, Sync, Workdir } from "@sheaf/workdir";
import type { TaskWork } from "../agents/resolve-work.ts";
import type { ModelCalls } from "../calls/model-calls.ts";
import type { RunBudgets } from "../calls/run-budgets.ts";
import type { Settings } from "../config/settings.ts";
import type { Executors } from "../executor/executors.ts";
import type { RunPlan } from "../plan/make-plan.ts";
import type { RunBounds } from "../plan/run-bound.ts";
import type { ExecutionStore, FoundExecution } from "./execution-store.ts";
import type { Memo } from "./memo-store.ts";
import type { OutputStore } from "./output-store.ts";

/** Everything that a run holds while it runs. Tasks are addressed by position in serial order. */
export interface World {
  readonly runId: RunId;
  readonly tasks: readonly Task[];
  readonly works: readonly TaskWork[];
  /** The plan that counts now; while a model is asked, one without its edges. */
  readonly plan: RunPlan;
  readonly bounds: RunBounds;
  readonly settings: Settings;
  readonly limits: EffectiveLimits;
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly journal: Journal;
  /** Events of earlier sessions. */
  readonly before: readonly RunEvent[];
  readonly costs: CostBook;
  readonly outputs: OutputStore;
  /** Puts on the disk what must survive. */
  readonly sync: Sync;
  /** Null in a run without `dir`. */
  readonly workdir: Workdir | null;
  /** Folder of the run's own files, made on demand; null while there is none. */
  readonly place: RunPlace;
  /** What earlier runs have done; null where nobody asks for it. */
  readonly memo: Memo | null;
  /** Where finished attempts are kept; null where nothing is. */
  readonly kept: ExecutionStore | null;
  /** Finished attempts of earlier sessions, by task. */
  readonly reusable: ReadonlyMap<string, readonly FoundExecution[]>;
  /** Tasks whose effects have happened in an earlier session: never started again by themselves. */
  readonly happened: ReadonlySet<string>;
  readonly executors: Executors;
  readonly budgets: RunBudgets;
  /** What stands between attempts and the servers of models. */
  readonly calls: ModelCalls;
  /** Library that tracks what commands read, or null. */
  readonly shim: string | null;
  /** True where everything that the task reads is known. */
  readonly tracked: readonly boolean[];
  emit(body: EventBody): RunEvent;
}

/** Where a run keeps files on disk. */
export interface RunPlace {
  /** The run's folder; null when it has none and nothing has asked for one. */
  readonly dir: string | null;
  /** Returns the run's folder, making one outside the shared directory when there is none. */
  require(): string;
  /** Returns a new folder for what one attempt keeps beside its work directory, in the folder of its task (`taskFolder`). */
  makeBeside(folder: string, attempt: number): string;
}

/** What came of one attempt. */
export interface AttemptRecord {
  readonly attempt: number;
  readonly status: AttemptStatus;
  /** The worker was lost because memory ran out. */
  readonly outOfMemory: boolean;
  /** The worker was lost with other attempts in it, and any of them may be the cause. */
  readonly together: boolean;
  readonly output: Uint8Array | null;
  readonly failure: TaskFailure | null;
  readonly because: Because | null;
  readonly retryable: boolean;
  readonly taken: readonly TakenInput[];
  /** What it read and wrote; null without a directory, or when it did not come that far. */
  readonly effects: Effects | null;
  /** False when code of the attempt may still be running. */
  readonly quiet: boolean;
  readonly resources: AttemptResources;
  /** It was made in an earlier session or run. */
  readonly reused: boolean;
}

/** What is known of the reads of an attempt. */
export interface ReadSoFar {
  readonly attempt: number;
  readonly taken: readonly TakenInput[];
  readonly effects: Effects | null;
}
