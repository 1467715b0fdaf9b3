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
import type { AnalyzeRequest } from "./analyze-request.ts";
import { assumedEdges } from "./assumed.ts";
import { placeCorrections } from "./corrections.ts";
import { inOrder } from "./in-order.ts";
import { type Known, knownOf, without } from "./known.ts";
import { listWarnings } from "./list-warnings.ts";
import { type ModelFindings, type ModelQuestion, modelEdges } from "./llm/model-edges.ts";
import { mergeEdges } from "./merge-edges.ts";
import { undeclaredTasks } from "./undeclared.ts";

/** Something that could not be done as asked, and what was done in its place; a sentence for people. */
export interface Fallback {
  readonly part: string;
  readonly reason: string;
}

export interface Analysis {
  /** Those of the request in serial order: another one only where the order is free. */
  readonly tasks: readonly Task[];
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
  request.signal?.throwIfAborted();
  if (!request.autoDetect) return declaredOnly(inOrder(request, []).request);
  const known = knownOf(request);
  const asked = await ask(request, known);
  const ordered = inOrder(request, asked.edges);
  const { tasks } = ordered.request;
  // In another order other files come first.
  const final = tasks === request.tasks ? known : knownOf(ordered.request);
  const barriers = new Set([...final.unplaced].filter((place) => !asked.answered.has(tasks[place]!.id)));
  const against = ordered.against === 0 ? {} : { circular: ordered.against };
  return {
    tasks,
    edges: mergeEdges([...final.said, ...ordered.edges, ...final.inOrder(barriers)]),
    ...{ certain: final.certain, inPlace: idsOf(tasks, barriers) },
    fallbacks: [...fallbacksOf(asked, tasks, barriers), ...sayAgainst(request, ordered.against)],
    warnings: [...final.warnings, ...listWarnings(ordered.request)],
    usage: asked.usage,
    unmetered: asked.unmetered,
    repaired: { ...asked.repaired, ...against },
    cached: asked.cached,
  };
}

function sayAgainst({ order }: AnalyzeRequest, count: number): readonly Fallback[] {
  if (count === 0) return [];
  const needs = count === 1 ? "1 need that the model named was" : `${count} needs that the model named were`;
  const what = order === "kept" ? "the order in which the run began" : "likelier ones";
  return [
    {
      part: "analysis",
      reason: `${needs} against ${what}, so ${count === 1 ? "it" : "they"} had to give way`,
    },
  ];
}

function declaredOnly({ tasks, corrections }: AnalyzeRequest): Analysis {
  const certain = declaredEdges(tasks);
  const corrected = placeCorrections(tasks, corrections);
  const barriers = without(undeclaredTasks(tasks, { files: false }), corrected.released);
  const chain = assumedEdges(tasks, barriers, corrected.unordered);
  const edges = mergeEdges([...certain, ...corrected.edges, ...chain]);
  const found = { tasks, edges, certain, inPlace: idsOf(tasks, barriers), warnings: corrected.warnings };
  return { ...found, fallbacks: [], usage: [], unmetered: 0, repaired: {}, cached: 0 };
}

const idsOf = (tasks: readonly Task[], places: ReadonlySet<number>): readonly TaskId[] =>
  Array.from(places, (place) => tasks[place]!.id);

/** What a model has said, by ids, as places may change. */
interface Findings extends Omit<ModelFindings, "answered"> {
  readonly answered: ReadonlySet<TaskId>;
}

const NOT_ASKED: Findings = {
  ...{ edges: [], answered: new Set(), problem: null, repairs: [], repaired: {} },
  ...{ cached: 0, usage: [], unmetered: 0 },
};

/** Tells whether a task may need a later one. */
const isOrderOpen = ({ order = "given" }: AnalyzeRequest): boolean => order !== "given";

async function ask(request: AnalyzeRequest, known: Known): Promise<Findings> {
  const { tasks } = known;
  const { model, verify: votes = 0, cacheDir = null, signal, objection, onAsking, onUsage, permit } = request;
  const targets = targetsOf(request, known);
  if (targets.size === 0) return NOT_ASKED;
  if (model === null) return { ...NOT_ASKED, problem: "No model is configured" };
  const { said, kept } = known;
  const isSet = isOrderOpen(request);
  const edges = mergeEdges(said);
  const onRecord = isSet ? undefined : toldWithOthers(request, known);
  const findings = await modelEdges({
    ...{ tasks, isSet, targets, others: said, votes, cacheDir, settings: model, signal },
    onAsking: () => onAsking?.({ edges, asked: targets }),
    objection: (count, expectedMs) =>
      objection?.({
        ...{ tasks: count, expectedMs, known: edges },
        without: mergeEdges([...said, ...known.inOrder(known.unplaced)]),
      }) ?? null,
    ...(onRecord === undefined ? {} : { onRecord }),
    ...(onUsage === undefined ? {} : { onUsage }),
    ...(permit === undefined ? {} : { permit }),
  });
  // Nothing comes before the first task of a list, so it is not asked about.
  const first = findings.problem === null && !isSet ? [0] : [];
  return {
    ...findings,
    edges: kept(findings.edges),
    answered: new Set(idsOf(tasks, new Set([...first, ...findings.answered]))),
  };
}

/** Returns what hands on a model's edges into a task together with those that are known without it. */
function toldWithOthers(
  { onSettled }: AnalyzeRequest,
  { tasks, said, kept }: Known,
): ModelQuestion["onRecord"] {
  if (onSettled === undefined) return undefined;
  const into = new Map<string, Edge[]>(tasks.map(({ id }) => [id, []]));
  for (const edge of said) into.get(edge.to)?.push(edge);
  return (place, edges) => onSettled(place, mergeEdges([...into.get(tasks[place]!.id)!, ...kept(edges)]));
}

/**
 * Places of the tasks whose needs a model is asked for. A task that declares only files is among them where a task
 * before it (in a set: any) declares nothing: what that one writes is not known.
 */
function targetsOf(request: AnalyzeRequest, { tasks, unplaced, released }: Known): ReadonlySet<number> {
  const targets = new Set<number>();
  const { askModel } = request;
  const isAsked = askModel === "always" || (askModel === "when-needed" && unplaced.size > 0);
  if (!isAsked || tasks.length === 1) return targets;
  const [firstUnplaced = tasks.length] = unplaced; // ascending
  const first = isOrderOpen(request) ? 0 : 1;
  const unknownBefore = first === 0 && unplaced.size > 0 ? -1 : firstUnplaced;
  tasks.forEach((task, place) => {
    const filesOnly = isFullyDeclared(task) && task.dependsOn === undefined;
    const needed = unplaced.has(place) || (filesOnly && place > unknownBefore);
    if (place >= first && !released.has(place) && (needed || askModel === "always")) targets.add(place);
  });
  return targets;
}

function fallbacksOf(
  { problem, repairs, answered, unmetered }: Findings,
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
