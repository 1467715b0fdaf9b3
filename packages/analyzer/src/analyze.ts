import {
  type AnswerFlaw,
  declaredEdges,
  type Edge,
  isFullyDeclared,
  nameSome,
  type Task,
  type TaskId,
  type UsageRecord,
} from "@sheaf/core";
import { assumedEdges } from "./assumed.ts";
import { type Corrections, type FreedPairs, placeCorrections } from "./corrections.ts";
import { fileEdges } from "./files.ts";
import { learnFrom, type SeenFiles } from "./learned.ts";
import { listWarnings } from "./list-warnings.ts";
import { expectedMs } from "./llm/expected-time.ts";
import { type ModelFindings, modelEdges } from "./llm/model-edges.ts";
import type { ModelSettings } from "./llm/model-settings.ts";
import { mergeEdges } from "./merge-edges.ts";
import { findReferences } from "./references.ts";
import { undeclaredTasks } from "./undeclared.ts";

/**
 * When a model is asked: `never`, `when-needed` (some task declares nothing from which its order follows), or `always`
 * (also beside what is declared).
 */
export type AskModel = "never" | "when-needed" | "always";

export interface AnalyzeRequest {
  /** In serial order, checked. */
  readonly tasks: readonly Task[];
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
   */
  readonly onSettled?: (place: number, edges: readonly Edge[]) => void;
  /** Called for each model call of which the usage is known, also where the promise rejects in the end. */
  readonly onUsage?: (usage: UsageRecord) => void;
}

/** What is at stake when a model is asked. */
export interface Prospect {
  /** Tasks that it would be asked about. */
  readonly tasks: number;
  /** How long it may take to answer, by what is assumed of models, in ms. */
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

/** Something that could not be done as asked, and what was done in its place; a sentence for people. */
export interface Fallback {
  readonly part: string;
  readonly reason: string;
}

export interface Analysis {
  /** Each goes forward in serial order; at most one for two tasks. */
  readonly edges: readonly Edge[];
  /** What no correction takes back: declared edges, and outputs that a task takes. */
  readonly certain: readonly Edge[];
  /** Tasks around which list order is kept, as nothing is known of them. */
  readonly inPlace: readonly TaskId[];
  readonly fallbacks: readonly Fallback[];
  /** What the authors of the tasks should mend. */
  readonly warnings: readonly string[];
  /** One record for each model call of which the server told the usage, failed ones included. */
  readonly usage: readonly UsageRecord[];
  /** Model calls that may have cost something of which the server has told nothing. */
  readonly unmetered: number;
  /** How often each flaw was met, and mended, in what a model said. */
  readonly repaired: Readonly<Partial<Record<AnswerFlaw, number>>>;
  /** Tasks that no model had to be asked about, by answers that were kept. */
  readonly cached: number;
}

/**
 * Finds the dependencies between tasks.
 *
 * A task that declares nothing keeps its place in list order, unless a model has spoken about it. A model that fails
 * leaves list order for all of these, and `fallbacks` says so.
 *
 * @throws the reason of `signal`, and nothing else
 */
export async function analyze(request: AnalyzeRequest): Promise<Analysis> {
  const { tasks, autoDetect, signal } = request;
  signal?.throwIfAborted();
  const declared = declaredEdges(tasks);
  const corrected = placeCorrections(tasks, request.corrections);
  if (!autoDetect) {
    const barriers = without(undeclaredTasks(tasks, { files: false }), corrected.released);
    const edges = mergeEdges([
      ...declared,
      ...corrected.edges,
      ...assumedEdges(tasks, barriers, corrected.unordered),
    ]);
    const found = { edges, certain: declared, inPlace: idsOf(tasks, barriers), warnings: corrected.warnings };
    return { ...found, fallbacks: [], usage: [], unmetered: 0, repaired: {}, cached: 0 };
  }
  const references = findReferences(tasks);
  const certain = [...declared, ...references.edges.filter(isCertain)];
  const { freed, released } = corrected;
  const kept = keptEdges(tasks, freed);
  const learned = learnFrom(tasks, request.learned ?? (() => null), {
    isAppended: request.isAppended,
    freed,
  });
  const undeclared = undeclaredTasks(learned.tasks, { files: true });
  const said = [
    ...certain,
    ...corrected.edges,
    ...fileEdges(tasks, request.isAppended, freed),
    ...kept(references.edges),
    ...learned.edges,
  ];
  const inOrder = (barriers: ReadonlySet<number>): readonly Edge[] =>
    assumedEdges(tasks, barriers, corrected.unordered);
  const unplaced = without(undeclared, released);
  const known = { undeclared, released, others: said, kept, unasked: () => inOrder(unplaced) };
  const asked = await ask({ ...request, tasks: learned.tasks }, known);
  const barriers = without(unplaced, asked.answered);
  return {
    edges: mergeEdges([...said, ...kept(asked.edges), ...inOrder(barriers)]),
    ...{ certain, inPlace: idsOf(tasks, barriers) },
    fallbacks: fallbacksOf(asked, tasks, barriers),
    warnings: [...corrected.warnings, ...references.warnings, ...listWarnings(request)],
    usage: asked.usage,
    unmetered: asked.unmetered,
    repaired: asked.repaired,
    cached: asked.cached,
  };
}

/** Whoever takes an output cannot do without the task that makes it. */
const isCertain = ({ probability }: Edge): boolean => probability === 1;

const without = (places: ReadonlySet<number>, others: ReadonlySet<number>): ReadonlySet<number> =>
  new Set([...places].filter((place) => !others.has(place)));

const idsOf = (tasks: readonly Task[], places: ReadonlySet<number>): readonly TaskId[] =>
  Array.from(places, (place) => tasks[place]!.id);

/** Returns a function that leaves out the edges of freed pairs. */
function keptEdges(tasks: readonly Task[], freed: FreedPairs): (edges: readonly Edge[]) => readonly Edge[] {
  const places = new Map(tasks.map(({ id }, place) => [id, place]));
  return (edges) => edges.filter(({ from, to }) => !freed.has(places.get(from)!, places.get(to)!));
}

/** What is known before a model is asked. */
interface Known {
  /** By place. */
  readonly undeclared: ReadonlySet<number>;
  readonly released: ReadonlySet<number>;
  readonly others: readonly Edge[];
  /** Leaves out what the user has freed. */
  kept(edges: readonly Edge[]): readonly Edge[];
  /** Returns what keeps list order if no model is asked. */
  unasked(): readonly Edge[];
}

const NOT_ASKED: ModelFindings = {
  ...{
    edges: [],
    answered: new Set(),
    problem: null,
    repairs: [],
    repaired: {},
    cached: 0,
    usage: [],
    unmetered: 0,
  },
};

async function ask(
  request: AnalyzeRequest,
  { undeclared, released, others, kept, unasked }: Known,
): Promise<ModelFindings> {
  const { tasks, model, verify: votes = 0, cacheDir = null, signal } = request;
  const { objection, onAsking, onSettled, onUsage } = request;
  const targets = without(targetsOf(request, without(undeclared, released)), released);
  if (targets.size === 0) return NOT_ASKED;
  if (model === null) return { ...NOT_ASKED, problem: "No model is configured" };
  const known = mergeEdges(others);
  const onRecord = onSettled === undefined ? undefined : withOthers(onSettled, tasks, { others, kept });
  const findings = await modelEdges({
    ...{ tasks, targets, others, votes, cacheDir, settings: model, signal },
    onAsking: () => onAsking?.({ edges: known, asked: targets }),
    objection: (count) =>
      objection?.({
        ...{ tasks: count, expectedMs: expectedMs(count), known },
        without: mergeEdges([...others, ...unasked()]),
      }) ?? null,
    ...(onRecord === undefined ? {} : { onRecord }),
    ...(onUsage === undefined ? {} : { onUsage }),
  });
  // The first task can need nothing, so it is not asked about.
  return findings.problem === null ? { ...findings, answered: new Set([0, ...findings.answered]) } : findings;
}

/** Returns what hands on a model's edges into a task together with those that are known without it. */
function withOthers(
  onSettled: NonNullable<AnalyzeRequest["onSettled"]>,
  tasks: readonly Task[],
  { others, kept }: Pick<Known, "others" | "kept">,
): NonNullable<AnalyzeRequest["onSettled"]> {
  const into = new Map<string, Edge[]>(tasks.map(({ id }) => [id, []]));
  for (const edge of others) into.get(edge.to)?.push(edge);
  return (place, edges) => onSettled(place, mergeEdges([...into.get(tasks[place]!.id)!, ...kept(edges)]));
}

/**
 * Places of the tasks whose needs a model is asked for. A task that declares only files is among them where a task
 * before it declares nothing: what that one writes is not known.
 */
function targetsOf(
  { tasks, askModel }: AnalyzeRequest,
  undeclared: ReadonlySet<number>,
): ReadonlySet<number> {
  const targets = new Set<number>();
  if (askModel === "never" || (askModel === "when-needed" && undeclared.size === 0)) return targets;
  const [first = tasks.length] = undeclared; // ascending
  tasks.forEach((task, place) => {
    const filesOnly = isFullyDeclared(task) && task.dependsOn === undefined;
    const needed = undeclared.has(place) || (filesOnly && place > first);
    if (place > 0 && (needed || askModel === "always")) targets.add(place);
  });
  return targets;
}

function fallbacksOf(
  { problem, repairs, answered, unmetered }: ModelFindings,
  tasks: readonly Task[],
  barriers: ReadonlySet<number>,
): readonly Fallback[] {
  const reasons = [...repairs];
  if (unmetered > 0) {
    const calls = unmetered === 1 ? "1 model call" : `${unmetered} model calls`;
    reasons.push(`What ${calls} cost was not told, so the cost of the analysis lacks that`);
  }
  if (problem !== null) {
    const kept =
      barriers.size === 0
        ? "only what the tasks say themselves is used"
        : `list order is kept for ${counted(barriers)}`;
    reasons.push(`${problem}, so ${kept}`);
  } else if (answered.size > 0 && barriers.size > 0) {
    const named = nameSome(Array.from(barriers, (place) => tasks[place]!.id));
    reasons.push(`The model says nothing about ${counted(barriers)} (${named}), so list order is kept there`);
  }
  return reasons.map((reason) => ({ part: "analysis", reason }));
}

const counted = ({ size }: ReadonlySet<number>): string => `${size} ${size === 1 ? "task" : "tasks"}`;
