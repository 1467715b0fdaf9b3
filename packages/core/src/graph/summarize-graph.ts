import type { EdgeKind, EdgeSource } from "../edge.ts";
import type { TaskId } from "../ids.ts";
import { findCycle } from "./find-cycle.ts";
import type { Graph } from "./graph.ts";
import { levels } from "./levels.ts";

/** What a graph looks like, in numbers: with its levels, or with a cycle that leaves it without any. */
export type GraphSummary = {
  readonly tasks: number;
  readonly edges: number;
  /** Only the sources and kinds that occur. */
  readonly edgesBySource: Readonly<Partial<Record<EdgeSource, number>>>;
  readonly edgesByKind: Readonly<Partial<Record<EdgeKind, number>>>;
} & (
  | {
      /** In list order within a level. */
      readonly levels: readonly (readonly TaskId[])[];
      /** Most tasks in one level. */
      readonly width: number;
    }
  | { readonly cycle: readonly TaskId[] }
);

/** Sums a graph up. A cyclic one is no error here. */
export function summarizeGraph(graph: Graph): GraphSummary {
  const counts = {
    tasks: graph.size,
    edges: graph.edges.length,
    edgesBySource: countBy(graph.edges.map((edge) => edge.source)),
    edgesByKind: countBy(graph.edges.map((edge) => edge.kind)),
  };
  const cycle = findCycle(graph);
  if (cycle !== undefined) return { ...counts, cycle };
  const groups = levels(graph);
  return { ...counts, levels: groups, width: groups.reduce((most, { length }) => Math.max(most, length), 0) };
}

function countBy<Name extends string>(names: readonly Name[]): Partial<Record<Name, number>> {
  const counts: Partial<Record<Name, number>> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
