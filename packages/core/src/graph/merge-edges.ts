import type { Edge } from "../edge.ts";
import { adjacency, indices } from "./adjacency.ts";

/** Indices of the two tasks of each edge. */
export interface EdgeEnds {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

/** Edges without repeats. */
export interface MergedEdges extends EdgeEnds {
  readonly merged: readonly Edge[];
  /** Indices of the merged edges, sorted by `from`. */
  readonly bySource: Uint32Array;
}

/**
 * Leaves one edge for each pair of tasks, at the place of the pair's first: a declared one, else the most
 * probable, else the first. O(tasks + edges).
 */
export function mergeEdges(size: number, edges: readonly Edge[], ends: EdgeEnds): MergedEdges {
  const { from, to } = ends;
  const bySource = adjacency(size, { row: from, neighbour: to }, indices(edges.length)).edges;
  const winners = winnersByPlace(size, edges, { ...ends, bySource });
  if (!winners.includes(NONE)) return { merged: edges, from, to, bySource };

  // Counted loops, not filter and map: this runs once, long before it would be compiled.
  const merged: Edge[] = [];
  const places = new Uint32Array(edges.length);
  const keptFrom = new Uint32Array(edges.length);
  const keptTo = new Uint32Array(edges.length);
  for (let e = 0; e < edges.length; e++) {
    if (winners[e] === NONE) continue;
    places[e] = merged.length;
    keptFrom[merged.length] = from[e]!;
    keptTo[merged.length] = to[e]!;
    merged.push(edges[winners[e]!]!);
  }
  const order = new Uint32Array(merged.length);
  for (let k = 0, end = 0; k < bySource.length; k++) {
    if (winners[bySource[k]!] !== NONE) order[end++] = places[bySource[k]!]!;
  }
  return {
    merged,
    from: keptFrom.subarray(0, merged.length),
    to: keptTo.subarray(0, merged.length),
    bySource: order,
  };
}

const NONE = -1;

/** For each edge the index of the one that takes its place, or NONE where an edge before it has the same ends. */
function winnersByPlace(
  size: number,
  edges: readonly Edge[],
  { from, to, bySource }: Omit<MergedEdges, "merged">,
): Int32Array {
  const winners = new Int32Array(edges.length).fill(NONE);
  // firstTo[t] is the first edge to t from the task at hand; what another task left there has another `from`.
  const firstTo = new Int32Array(size).fill(NONE);
  for (let k = 0; k < bySource.length; k++) {
    const e = bySource[k]!;
    const first = firstTo[to[e]!]!;
    if (first === NONE || from[first] !== from[e]) {
      firstTo[to[e]!] = e;
      winners[e] = e;
    } else if (beats(edges[e]!, edges[winners[first]!]!)) {
      winners[first] = e;
    }
  }
  return winners;
}

function beats(edge: Edge, other: Edge): boolean {
  const declared = edge.source === "declared";
  if (declared !== (other.source === "declared")) return declared;
  return edge.probability > other.probability;
}
