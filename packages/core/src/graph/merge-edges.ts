import type { Edge } from "../edge.ts";
import { adjacency, indices } from "./adjacency.ts";

/** Indices of the two tasks of each edge. */
export interface EdgeEnds {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

/**
 * Leaves one edge for each pair of tasks, at the place of the pair's first: a declared one, else the most
 * probable, else the first. O(tasks + edges).
 */
export function mergeEdges(
  size: number,
  edges: readonly Edge[],
  ends: EdgeEnds,
): EdgeEnds & { readonly merged: readonly Edge[] } {
  const winners = winnersByPlace(size, edges, ends);
  if (!winners.includes(NONE)) return { merged: edges, ...ends };
  const merged: Edge[] = [];
  const from = new Uint32Array(edges.length);
  const to = new Uint32Array(edges.length);
  for (let e = 0; e < edges.length; e++) {
    const winner = winners[e]!;
    if (winner === NONE) continue;
    from[merged.length] = ends.from[e]!;
    to[merged.length] = ends.to[e]!;
    merged.push(edges[winner]!);
  }
  return { merged, from: from.subarray(0, merged.length), to: to.subarray(0, merged.length) };
}

const NONE = -1;

/** For each edge the index of the one that takes its place, or NONE where an edge before it has the same ends. */
function winnersByPlace(size: number, edges: readonly Edge[], { from, to }: EdgeEnds): Int32Array {
  const rows = adjacency(size, { row: from, neighbour: to }, indices(edges.length));
  const winners = new Int32Array(edges.length).fill(NONE);
  // firstTo[t] is the first edge of the row at hand that leads to t; those of older rows have another `from`.
  const firstTo = new Int32Array(size).fill(NONE);
  for (let k = 0; k < rows.edges.length; k++) {
    const e = rows.edges[k]!;
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
