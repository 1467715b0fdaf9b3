import { assertDurations } from "./durations.ts";
import type { Graph } from "./graph.ts";
import { topologicalOrder } from "./topological-order.ts";

/**
 * Returns for each task the length of the longest path that starts with it, its own duration included, in ms.
 * No run can end sooner than that after the task has started.
 *
 * @throws SheafError GRAPH_CYCLE, OPTION_INVALID
 */
export function upwardRank(graph: Graph, durationsMs: Float64Array): Float64Array {
  assertDurations(graph, durationsMs);
  const { starts, neighbours } = graph.successors;
  const order = topologicalOrder(graph);
  const rank = new Float64Array(graph.size);
  for (let place = order.length - 1; place >= 0; place--) {
    const i = order[place]!;
    let longest = 0;
    for (let k = starts[i]!; k < starts[i + 1]!; k++) longest = Math.max(longest, rank[neighbours[k]!]!);
    rank[i] = durationsMs[i]! + longest;
  }
  return rank;
}
