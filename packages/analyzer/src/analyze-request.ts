// What an analysis is asked for.
import type { Edge, Task, UsageRecord } from "@sheaf/core";
import type { Corrections } from "./corrections.ts";
import type { SeenFiles } from "./learned.ts";
import type { PermitCall } from "./llm/call-permit.ts";
import type { ModelSettings } from "./llm/model-settings.ts";

/**
 * When a model is asked: `never`, `when-needed` (some task declares nothing from which its order follows), or `always`
 * (also beside what is declared).
 */
export type AskModel = "never" | "when-needed" | "always";

/**
 * What the order of tasks says. `given`: none needs a later one. `free`: nothing; where corrections or a model say that a
 * task needs a later one, it moves behind that. `kept`: nothing, but no task moves any more.
 */
export type SetOrder = "given" | "free" | "kept";

export interface AnalyzeRequest {
  /** In serial order, checked. */
  readonly tasks: readonly Task[];
  /** What that order says. @default "given" */
  readonly order?: SetOrder;
  /** False: only what `dependsOn` declares. */
  readonly autoDetect: boolean;
  /** Tells whether tasks only add to the files of a glob: then none of them need wait for another. @default false */
  readonly isAppended?: (glob: string) => boolean;
  /** Tells whether there is something at a path below the shared directory; absent where there is no directory. */
  readonly exists?: (path: string) => boolean;
  readonly askModel: AskModel;
  /** What earlier runs have shown of a task; null where nothing is known. @default () => null */
  readonly learned?: (task: Task) => SeenFiles | null;
  /** Null when no model is configured. */
  readonly model: ModelSettings | null;
  /** How often a model is asked about needs that matter once more, 0 to 9. @default 0 */
  readonly verify?: number;
  /** Folder in which a model's answers are kept for the next analysis; null: nowhere. @default null */
  readonly cacheDir?: string | null;
  /** What the user has said about what was found. @default none */
  readonly corrections?: Corrections;
  readonly signal?: AbortSignal;
  /**
   * Called before a model is paid, so not where kept answers say all. Returns why it is not worth its price, as the start
   * of a sentence, or null. Must not throw. @default () => null
   */
  readonly objection?: (prospect: Prospect) => string | null;
  /** Called once, before a model is asked, and never where none is. Must not throw. */
  readonly onAsking?: (known: KnownEdges) => void;
  /**
   * Called for each task that a model is asked about, by its place, as soon as it has answered there, with all edges
   * into the task. What the promise gives counts: a retry, a vote or a repair may have changed them. Must not throw.
   * Never called where tasks may need later ones: none of them can start before all is known.
   */
  readonly onSettled?: (place: number, edges: readonly Edge[]) => void;
  /** Asked before each request to a model. Must not throw. @default all are permitted */
  readonly permit?: PermitCall;
  /** Called for each model call of which the usage is known, also where the promise rejects in the end. */
  readonly onUsage?: (usage: UsageRecord) => void;
}

/** What is at stake when a model is asked. */
export interface Prospect {
  /** Tasks that it would be asked about. */
  readonly tasks: number;
  /** How long it may take to answer, by what it took before, or what is assumed of models, in ms. */
  readonly expectedMs: number;
  /** All edges, if it finds that none of these needs another. */
  readonly known: readonly Edge[];
  /** All edges, if it is not asked. */
  readonly without: readonly Edge[];
}

/** What is known without a model. */
export interface KnownEdges {
  readonly edges: readonly Edge[];
  /** Places of the tasks that a model is asked about: more edges may lead into them. */
  readonly asked: ReadonlySet<number>;
}
