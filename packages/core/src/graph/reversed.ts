import type { Graph } from "./graph.ts";

/** Returns the graph with every edge turned round, so that what came last comes first. */
export function reversed(graph: Graph): Graph {
  return {
    ...graph,
    edges: graph.edges.map((edge) => ({ ...edge, from: edge.to, to: edge.from })),
    successors: graph.predecessors,
    predecessors: graph.successors,
  };
}
