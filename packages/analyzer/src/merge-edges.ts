import type { Edge, EdgeSource } from "@sheaf/core";

/** Lower is stronger. */
const RANK: Readonly<Record<EdgeSource, number>> = {
  declared: 0,
  corrected: 1,
  files: 2,
  reference: 3,
  learned: 4,
  llm: 5,
  assumed: 6,
};

/**
 * Leaves one edge for each pair of tasks: that of the strongest source, of one source the most probable, else the
 * first. The rest keep the order in which their pairs come first.
 */
export function mergeEdges(edges: Iterable<Edge>): readonly Edge[] {
  const byPair = new Map<string, Edge>();
  for (const edge of edges) {
    const pair = `${edge.from} ${edge.to}`; // ids hold no space
    const known = byPair.get(pair);
    if (known === undefined || isStronger(edge, known)) byPair.set(pair, edge);
  }
  return [...byPair.values()];
}

function isStronger(edge: Edge, than: Edge): boolean {
  const ranks = RANK[than.source] - RANK[edge.source];
  return ranks > 0 || (ranks === 0 && edge.probability > than.probability);
}
