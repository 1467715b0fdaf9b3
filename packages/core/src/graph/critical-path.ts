import type { TaskId } from "../ids.ts";
import type { Graph } from "./graph.ts";
import { upwardRank } from "./upward-rank.ts";

/** The longest path through a graph. No schedule on any number of slots is shorter. */
export interface CriticalPath {
  readonly tasks: readonly TaskId[];
  readonly lengthMs: number;
}

/**
 * Returns the longest path by durations. Of several equally long ones it takes at each step the task that is
 * earliest in the list.
 *
 * @throws SheafError GRAPH_CYCLE, OPTION_INVALID
 */
export function criticalPath(graph: Graph, durationsMs: Float64Array): CriticalPath {
  const { starts, neighbours } = graph.successors;
  const rank = upwardRank(graph, durationsMs);
  const path: TaskId[] = [];
  let i = firstOfHighest(rank, rank.keys());
  const lengthMs = i === undefined ? 0 : rank[i]!;
  while (i !== undefined) {
    path.push(graph.ids[i]!);
    i = firstOfHighest(rank, neighbours.subarray(starts[i]!, starts[i + 1]!));
  }
  return { tasks: path, lengthMs };
}

function firstOfHighest(rank: Float64Array, candidates: Iterable<number>): number | undefined {
  let highest: number | undefined;
  for (const i of candidates) if (highest === undefined || rank[i]! > rank[highest]!) highest = i;
  return highest;
}
