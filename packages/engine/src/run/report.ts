import {
  type AttemptResources,
  type Because,
  type Edge,
  fromWireError,
  type GuaranteeLevel,
  type RunId,
  type RunStatus,
  SheafError,
  type TaskFailure,
  type TaskId,
  type WireError,
} from "@sheaf/core";
import type { CostLine, CostSummary } from "@sheaf/ledger";
import type { WorkdirStatistics } from "@sheaf/workdir";
import type { Outcome } from "../scheduler/state.ts";

/** How one task ended. */
export interface TaskReport {
  readonly id: TaskId;
  readonly outcome: Outcome;
  /** What it returned; undefined unless it succeeded. */
  readonly output: unknown;
  /** What went wrong, when it failed. */
  readonly failure: TaskFailure | null;
  /** Why it did not run or was stopped, when it was skipped or cancelled. */
  readonly because: Because | null;
  /** Attempts made in all sessions of the run, those that did not count included. */
  readonly attempts: number;
  /** An attempt of an earlier session or run took the place of a new one. */
  readonly reused: boolean;
  /** How often it ran again because an earlier task had changed what it read. */
  readonly conflicts: number;
  /** Of the attempt that counted; null when there was none. */
  readonly resources: AttemptResources | null;
  /** When the attempt that counted started and ended, in ms since the run began. */
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  /** It is on `timing.criticalPath`. */
  readonly isCritical: boolean;
}

export interface RunTiming {
  /** From the call to the end, in ms. */
  readonly wallMs: number;
  /** Sum of the attempts that counted: what one after another would have taken, in ms. */
  readonly sumOfTasksMs: number;
  /** Longest chain of tasks that waited for each other, by the measured durations, in ms. */
  readonly criticalPathMs: number;
  readonly criticalPath: readonly TaskId[];
  /** What its tasks cost, with all their attempts. */
  readonly criticalPathCost: CostLine;
  /** sumOfTasksMs / wallMs. */
  readonly speedup: number;
  /** Speed-up that no schedule of this plan with these workers could have beaten, by the measured durations. */
  readonly speedupBound: number;
}

/** Files and links that are different because of a run, each path once however often it was written. */
export interface ChangedFiles {
  readonly written: number;
  readonly removed: number;
}

export interface Guarantee {
  readonly level: GuaranteeLevel;
  /** What the level rests on, or what keeps it from being higher. */
  readonly reasons: readonly string[];
}

/** What a run came to. Plain data but for `unwrap`. */
export interface RunReport {
  readonly runId: RunId;
  readonly status: RunStatus;
  /** By id, in serial order. */
  readonly tasks: Readonly<Record<string, TaskReport>>;
  readonly order: readonly TaskId[];
  readonly edges: readonly Edge[];
  readonly timing: RunTiming;
  readonly cost: CostSummary;
  /** How often what the run used could not be kept for later, in all its sessions; each is a `run.fallback`. */
  readonly telemetryFaults: number;
  readonly guarantee: Guarantee;
  readonly workdir: WorkdirStatistics | null;
  /** What committed tasks changed in the directory, in this session; null in a run without one. */
  readonly files: ChangedFiles | null;
  /**
   * Hash of the directory as the run left it: equal where names, types, modes, links and bytes are. Null where it was
   * not asked for (`rootHash`), without a directory, and where files could not be read.
   */
  readonly rootHash: string | null;
  /** Folder with the journal and what is kept of the run; null when nothing is. */
  readonly runDir: string | null;
  /** Why the run could not go on, when the machine failed it. */
  readonly fault: WireError | null;
  /**
   * Returns the outputs by id.
   *
   * @throws AggregateError with one error per failed task, unless all tasks succeeded.
   */
  unwrap(): Readonly<Record<string, unknown>>;
}

/** Makes the outputs of a run, or the error that says why there are not all. */
export function unwrapTasks(
  tasks: Readonly<Record<string, TaskReport>>,
  status: RunStatus,
): Readonly<Record<string, unknown>> {
  const reports = Object.values(tasks);
  if (status === "succeeded") {
    const outputs = Object.create(null) as Record<string, unknown>;
    for (const { id, output } of reports) outputs[id] = output;
    return outputs;
  }
  const errors = reports.flatMap(({ id, failure }) => {
    if (failure === null) return [];
    const { kind, error } = failure;
    return [
      new SheafError(
        "TASK_FAILED",
        { taskId: id, kind, message: error.message },
        { cause: fromWireError(error) },
      ),
    ];
  });
  const count = (outcome: Outcome): number => reports.filter((report) => report.outcome === outcome).length;
  const parts = (["failed", "in-doubt", "skipped", "cancelled"] as const)
    .map((outcome) => [count(outcome), outcome] as const)
    .filter(([n]) => n > 0)
    .map(([n, outcome]) => `${n} ${outcome}`);
  throw new AggregateError(
    errors,
    `The run did not succeed: ${parts.join(", ")} of ${reports.length} tasks.`,
  );
}
