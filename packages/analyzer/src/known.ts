// What the sources say of a list without a model.
import { declaredEdges, type Edge, type Task } from "@sheaf/core";
import type { AnalyzeRequest } from "./analyze-request.ts";
import { assumedEdges } from "./assumed.ts";
import { type FreedPairs, placeCorrections } from "./corrections.ts";
import { fileEdges } from "./files.ts";
import { learnFrom } from "./learned.ts";
import { findReferences, type References } from "./references.ts";
import { undeclaredTasks } from "./undeclared.ts";

/** What is known without a model. */
export interface Known {
  /** With what earlier runs have shown in the place of what they do not declare. */
  readonly tasks: readonly Task[];
  readonly certain: readonly Edge[];
  /** All edges that somebody says, the certain ones among them. */
  readonly said: readonly Edge[];
  /** Places of the tasks that leave their place in list order. */
  readonly released: ReadonlySet<number>;
  /** Places of the tasks that keep it, as nothing is known of them. */
  readonly unplaced: ReadonlySet<number>;
  readonly warnings: readonly string[];
  /** Leaves out what the user has freed. */
  kept(edges: readonly Edge[]): readonly Edge[];
  /** Returns what keeps the tasks at these places in list order. */
  inOrder(barriers: ReadonlySet<number>): readonly Edge[];
}

/** Asks all sources but a model. */
export function knownOf({ tasks, corrections, isAppended, ...request }: AnalyzeRequest): Known {
  const corrected = placeCorrections(tasks, corrections);
  const { freed, released } = corrected;
  const references = findReferences(tasks);
  const certain = certainEdges(tasks, references);
  const kept = keptEdges(tasks, freed);
  const learned = learnFrom(tasks, request.learned ?? (() => null), { isAppended, freed });
  const undeclared = undeclaredTasks(learned.tasks, { files: true });
  return {
    ...{ tasks: learned.tasks, certain, released, kept },
    said: [
      ...certain,
      ...corrected.edges,
      ...fileEdges(tasks, isAppended, freed),
      ...kept(references.edges),
      ...learned.edges,
    ],
    unplaced: without(undeclared, released),
    warnings: [...corrected.warnings, ...references.warnings],
    inOrder: (barriers) => assumedEdges(tasks, barriers, corrected.unordered),
  };
}

/** Returns what no correction takes back. */
export const certainEdges = (
  tasks: readonly Task[],
  { edges }: References = findReferences(tasks),
): readonly Edge[] => [...declaredEdges(tasks), ...edges.filter(isCertain)];

/** Whoever takes an output cannot do without the task that makes it. */
const isCertain = ({ probability }: Edge): boolean => probability === 1;

/** Returns a function that leaves out the edges of freed pairs. */
function keptEdges(tasks: readonly Task[], freed: FreedPairs): (edges: readonly Edge[]) => readonly Edge[] {
  const places = new Map(tasks.map(({ id }, place) => [id, place]));
  return (edges) => edges.filter(({ from, to }) => !freed.has(places.get(from)!, places.get(to)!));
}

export const without = (places: ReadonlySet<number>, others: ReadonlySet<number>): ReadonlySet<number> =>
  new Set([...places].filter((place) => !others.has(place)));
