import type { BudgetLeft } from "./budget.ts";
import type { RunId } from "./ids.ts";
import type { Task } from "./task.ts";
import type { UsageRecord } from "./usage.ts";

/**
 * The folders made for one attempt, each created when it is first asked for.
 * `data`, `codebase` and `outputs` lie in the work directory and are merged with it;
 * `logs`, `chats`, `cost` and `temp` lie beside it and stay with the run.
 */
export interface TaskDirs {
  readonly data: string;
  readonly codebase: string;
  readonly outputs: string;
  readonly logs: string;
  readonly chats: string;
  readonly cost: string;
  readonly temp: string;
}

/** What an agent is given beside its task. */
export interface AgentContext {
  readonly runId: RunId;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Same for every attempt of this task in this run; hand it to services that refuse to do a thing twice. */
  readonly idempotencyKey: string;
  /** The attempt's own work directory, an absolute path. @throws SheafError CONTEXT_NO_DIR in a run without `dir`. */
  readonly dir: string;
  /** @throws SheafError CONTEXT_NO_DIR in a run without `dir`. */
  readonly dirs: TaskDirs;
  /**
   * Reads a file below the shared directory and puts it into the work directory.
   * What was read is recorded, so a later change by an earlier task makes this task run again.
   *
   * @throws Error with code ENOENT when there is no such file; that too is recorded.
   */
  read(path: string): Promise<Buffer>;
  read(path: string, encoding: BufferEncoding): Promise<string>;
  /** Aborted on timeout, cancellation, or when the attempt's result cannot count any more. */
  readonly signal: AbortSignal;
  /** Outputs of the tasks before this one, by id. Taking one is recorded. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Books one model call. @throws SheafError USAGE_INVALID */
  recordUsage(usage: UsageRecord): void;
  /**
   * Tells what is left, at this moment and by the engine's books, of each budget that the task's calls count against;
   * none where there are none. Calls that are under way, its own included, are held in it.
   */
  budget(): Promise<readonly BudgetLeft[]>;
  /** Says that a model was loaded into memory, and how much GPU memory is now in use. */
  modelLoaded(name: string, vramMiB?: number): void;
  /** Says how far the work is: a fraction 0 to 1, or null when unknown. */
  progress(fraction: number | null, message?: string): void;
  /** Says that the work goes on; resets `idleTimeoutMs`. */
  heartbeat(): void;
  log(message: string): void;
}

/** Does a task. What it returns is the task's output: plain data, or nothing. */
export type AgentFn<Output = unknown> = (task: Task, ctx: AgentContext) => Output | Promise<Output>;

/** Where a portable agent lives: an ES module and one of its exports. */
export interface AgentModule {
  /** `file:` URL or absolute path of the module. */
  readonly module: string;
  /** Name of the export; "default" when absent. */
  readonly export?: string;
}
