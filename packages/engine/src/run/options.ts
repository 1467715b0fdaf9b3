import type { Clock, TaskSpec } from "@sheaf/core";
import type { CostWeights } from "@sheaf/ledger";
import type { Agent } from "../agents/resolve-work.ts";
import type { Settings } from "../config/settings.ts";
import type { PlannerAnswer } from "../tasks/planner-answer.ts";

/** A list of tasks, and the directory that they work on. */
export interface RunSpec {
  /** The shared directory. Without one the run has no files. */
  readonly dir?: string;
  readonly tasks: readonly TaskSpec[];
  /** Agents by the name that tasks use. */
  readonly agents?: Readonly<Record<string, Agent>>;
}

/** A planner's answer with the directory that it is about. */
export interface PlannerRun extends PlannerAnswer {
  readonly dir?: string;
  readonly agents?: Readonly<Record<string, Agent>>;
}

/** What may be run: tasks with a directory, tasks alone, or a planner's answer. */
export type RunInput = RunSpec | readonly TaskSpec[] | PlannerRun;

/** What becomes of a task with `effects` that may have happened. */
export type DoubtDecision = "again" | "done";

/** Options of one run; what is not given comes from the environment, else from the defaults. */
export type RunOptions = Partial<Settings> & {
  /**
   * Decides about tasks in doubt when a run is gone on with: `again` starts the task again, `done` takes it as
   * succeeded, with the output and files of its last attempt that ended, else none. Naming a task that is not in doubt is a mistake.
   */
  readonly inDoubt?: Readonly<Record<string, DoubtDecision>>;
  /** Names the run and its folder. Made up when absent. */
  readonly runId?: string;
  /** Ends the run when it aborts, as `cancel` does. */
  readonly signal?: AbortSignal;
  /** @default DEFAULT_COST_WEIGHTS */
  readonly costWeights?: CostWeights;
  /** Checks the scheduler's state after every event; for tests. @default false */
  readonly validate?: boolean;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Environment that is read instead of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
};

/** Options that are not settings. */
export const RUN_OPTION_NAMES: readonly string[] = [
  "runId",
  "signal",
  "costWeights",
  "validate",
  "clock",
  "env",
  "inDoubt",
];
