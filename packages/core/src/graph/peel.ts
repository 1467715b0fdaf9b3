import type { Graph } from "./graph.ts";

/**
 * Takes tasks off the graph, each once all before it are taken (Kahn's algorithm, first come first taken), and
 * returns their indices in that order. Tasks on a cycle, and all that wait for them, are missing.
 */
export function peel(graph: Graph): Uint32Array {
  const { successors, size } = graph;
  const waitsFor = predecessorCounts(graph);
  const order = new Uint32Array(size);
  let end = 0;
  for (let i = 0; i < size; i++) if (waitsFor[i] === 0) order[end++] = i;
  for (let next = 0; next < end; next++) {
    const i = order[next]!;
    for (let k = successors.starts[i]!; k < successors.starts[i + 1]!; k++) {
      const after = successors.neighbours[k]!;
      waitsFor[after]! -= 1;
      if (waitsFor[after] === 0) order[end++] = after;
    }
  }
  return order.subarray(0, end);
}

/** For each task, how many tasks come directly before it. */
export function predecessorCounts({ predecessors, size }: Graph): Uint32Array {
  return new Uint32Array(size).map((_, i) => predecessors.starts[i + 1]! - predecessors.starts[i]!);
}
