import type { TaskId } from "../ids.ts";
import type { Graph } from "./graph.ts";
import { topologicalOrder } from "./topological-order.ts";

/**
 * Returns the level of each task: 0 for those that wait for nothing, else one more than the highest level that it
 * waits for (Kahn's levels).
 *
 * @throws SheafError GRAPH_CYCLE
 */
export function levelsOf(graph: Graph): Uint32Array {
  const { successors } = graph;
  const level = new Uint32Array(graph.size);
  const order = topologicalOrder(graph);
  for (let place = 0; place < order.length; place++) {
    const i = order[place]!;
    for (let k = successors.starts[i]!; k < successors.starts[i + 1]!; k++) {
      const after = successors.neighbours[k]!;
      if (level[after]! <= level[i]!) level[after] = level[i]! + 1;
    }
  }
  return level;
}

/**
 * Returns the tasks of each level, in list order.
 *
 * @throws SheafError GRAPH_CYCLE
 */
export function levels(graph: Graph): readonly (readonly TaskId[])[] {
  const groups: TaskId[][] = [];
  levelsOf(graph).forEach((level, i) => {
    while (groups.length <= level) groups.push([]);
    groups[level]!.push(graph.ids[i]!);
  });
  return groups;
}

/**
 * Returns the levels that hold at least two tasks: no path joins two tasks of one level, so they may run together.
 *
 * @throws SheafError GRAPH_CYCLE
 */
export function parallelGroups(graph: Graph): readonly (readonly TaskId[])[] {
  return levels(graph).filter((group) => group.length > 1);
}
