import type { ModelEffort } from "@sheaf/analyzer";
import type { Budget, ExecutionMode, ExecutorKind, MemoRule, Schedule } from "@sheaf/core";
import type { PriceList } from "@sheaf/ledger";
import type { Durability, PolicyMap, StagingRung } from "@sheaf/workdir";
import type { FailureMode } from "../scheduler/state.ts";
import type { ListOrder } from "../tasks/task-problems.ts";

/** What decides how a run is run. Every field can be set in code and, but for the last few, in the environment. */
export interface Settings {
  /** Run tasks side by side at all; false forces `mode: "sequential"`. */
  readonly enableParallel: boolean;
  /**
   * `sequential`: one task after another. `auto`: by the graph that the analysis finds. `parallel`: everything that
   * resources allow; inferred edges are not waited for, and what conflicted runs again.
   */
  readonly mode: ExecutionMode;
  /** In `parallel` mode: share of all task time that attempts in vain may take, 0 to 1; then it goes on as `auto`. */
  readonly wasteShare: number;
  /** In `parallel` mode: what attempts in vain may cost, in USD; null: no limit. */
  readonly wasteUsd: number | null;
  /** In `parallel` mode: tokens, in and out, that attempts in vain may take; null: no limit. */
  readonly wasteTokens: number | null;
  /**
   * `list`: tasks come in list order, but for what `dependsOn` demands. `free`: they are a set; who reads what another
   * declares to write, or takes its output, comes after it, wherever both stand.
   */
  readonly order: ListOrder;
  /** Most tasks at once. */
  readonly maxWorkers: number;
  /** `ready`: a task starts when what it needs is there. `levels`: level by level, as a barrier. */
  readonly schedule: Schedule;
  /** `serial`: a task whose reads are unknown waits for its turn. `trust-graph`: inferred edges are believed for it. */
  readonly consistency: "serial" | "trust-graph";
  /** After a task failed: `continue` with what does not depend on it, `stop` starting more, or `cancel` what runs. */
  readonly onFailure: FailureMode;
  /** Where agents run. `auto`: plain functions inline, portable agents in threads, commands in processes. */
  readonly executor: "auto" | ExecutorKind;
  /** With `executor: "auto"`: portable agents run in processes instead of threads. */
  readonly useProcessPool: boolean;
  /** Memory that one worker may use, in MiB. */
  readonly maxMemoryMb: number;
  /** Free space that staging must leave on the disk, in MiB. */
  readonly minFreeDiskMb: number;
  /** Longest run of one attempt where the task says nothing, in ms. */
  readonly taskTimeoutMs: number;
  /** How often a task starts again after its worker was lost. */
  readonly maxRestarts: number;
  /** Pause before the first retry, in ms; it doubles with each, with jitter, up to a minute. */
  readonly retryDelayMs: number;
  /** Limits by tag, for example `{ llm: 8 }`. */
  readonly tags: Readonly<Record<string, number>>;
  /** Look for dependencies that nobody declared. */
  readonly autoDetectDeps: boolean;
  /** Ask a model about undeclared dependencies; "always" asks about declared tasks too. */
  readonly useLlmDeps: boolean | "always";
  /** How often a model is asked once more about needs that matter, 0 to 9; 0: never. */
  readonly verifyDeps: number;
  /** Model that is asked. */
  readonly model: string;
  /** OpenAI-compatible server; null for the provider's own. */
  readonly modelBaseUrl: string | null;
  /** Key for that server; null when there is none. */
  readonly modelApiKey: string | null;
  /** Its temperature; null for the server's default. */
  readonly modelTemperature: number | null;
  /** How much it shall reason; null for the server's default. */
  readonly modelEffort: ModelEffort | null;
  /** Longest time for the analysis by a model, in ms. */
  readonly analysisTimeoutMs: number;
  /** Watch what agents in threads and processes read, so that they need not declare it. */
  readonly tracking: boolean;
  /** Watch what commands read, by a library that is loaded into every program (Linux with glibc and a C compiler). */
  readonly trackSubprocesses: boolean;
  /** Leave out what an earlier run has done with the same code, inputs and files, where the task does not say. */
  readonly memo: boolean | MemoRule;
  /** Folder of the shared store; naming one makes `shared` the scope of all that name none. Null: in the user's data. */
  readonly memoStore: string | null;
  /** How long it may be used where nobody says, in ms; 0 for ever. */
  readonly memoTtlMs: number;
  /** The user's own prices of model calls, or the path of the JSON file with them; null: the published ones alone. */
  readonly prices: string | PriceList | null;
  /** Every route that there is; what tasks name besides counts as "unknown". Null: those that tasks name. */
  readonly routes: readonly string[] | null;
  /** What model calls may use, beside the budgets that are kept with the directory; of windows "run" in this run. */
  readonly budgets: readonly Budget[];
  /** How views are filled. */
  readonly staging: "auto" | StagingRung;
  /** Globs of folders that are shared read-only and not copied. */
  readonly frozen: readonly string[];
  /** What happens at some paths beside the usual, by glob; the first glob that matches counts. See `Policy`. */
  readonly policies: PolicyMap;
  /** Which views are kept with the run: those of failed attempts, all, or none. */
  readonly retain: "failed" | "all" | "none";
  /** What a commit survives: the end of the process (`process`), or the loss of power as well (`power`). */
  readonly durability: Durability;
  /**
   * Which further attempts of a task get the recorded answers of models: those after lost work (`rerun`), or also after a
   * failure of the agent (`retry`).
   */
  readonly replay: "rerun" | "retry";
  /** Say at the end which state the directory is in, as one hash. The first time every file is read. */
  readonly rootHash: boolean;
  /** Folder for the state of runs; null: `.sheaf` in the shared directory. */
  readonly home: string | null;
  /** Write the journal to disk. */
  readonly trace: boolean;
}

/** How one setting is checked, and how it is read from the environment. */
export interface Setting<T> {
  readonly env: string;
  readonly fallback: T;
  /** What a value must be, in words that follow "Expected `x` to be". */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Turns the text of the variable into a value to be checked. */
  readonly parse: (text: string) => unknown;
  /** JSON Schema of the values, where the default does not tell their type. */
  readonly json?: Readonly<Record<string, unknown>>;
}
