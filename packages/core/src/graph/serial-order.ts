import type { Edge } from "../edge.ts";
import { SheafError } from "../errors.ts";
import type { TaskId } from "../ids.ts";
import { findCycle } from "./find-cycle.ts";
import { buildGraph, type Graph } from "./graph.ts";
import { indexHeap } from "./index-heap.ts";
import { predecessorCounts } from "./peel.ts";

/**
 * Returns the first order, by list order, in which every task comes after all that it waits for: at each step the
 * earliest task of the list that waits for nothing more.
 *
 * @throws SheafError GRAPH_CYCLE, TASK_ID_DUPLICATE, EDGE_UNKNOWN_TASK, EDGE_SELF_LOOP
 * @example serialOrder(["a", "b", "c"], [{ from: "c", to: "a" }]) // ["b", "c", "a"]
 */
export function serialOrder(ids: readonly TaskId[], edges: readonly Edge[]): readonly TaskId[] {
  return serialOrderOf(buildGraph(ids, edges));
}

/**
 * `serialOrder` for a graph that is built already.
 *
 * @throws SheafError GRAPH_CYCLE
 */
export function serialOrderOf(graph: Graph): readonly TaskId[] {
  if (leadsDownTheList(graph)) return graph.ids;
  const { starts, neighbours } = graph.successors;
  const waitsFor = predecessorCounts(graph);
  const ready = indexHeap(new Float64Array(graph.size)); // equal keys: the least index first
  waitsFor.forEach((count, i) => {
    if (count === 0) ready.push(i);
  });
  const order: TaskId[] = [];
  for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
    order.push(graph.ids[i]!);
    for (let k = starts[i]!; k < starts[i + 1]!; k++) {
      const after = neighbours[k]!;
      waitsFor[after]! -= 1;
      if (waitsFor[after] === 0) ready.push(after);
    }
  }
  if (order.length < graph.size) throw new SheafError("GRAPH_CYCLE", { cycle: findCycle(graph)! });
  return order;
}

/** Rows ascend, so the last of those before a task is the one to look at. */
function leadsDownTheList({ predecessors, size }: Graph): boolean {
  const { starts, neighbours } = predecessors;
  for (let i = 0; i < size; i++) {
    const end = starts[i + 1]!;
    if (end > starts[i]! && neighbours[end - 1]! > i) return false;
  }
  return true;
}
