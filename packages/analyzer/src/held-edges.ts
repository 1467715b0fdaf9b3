// Edges that can be held to together.
import { adjacency, type EdgeColumns, indices, strongComponents } from "@sheaf/core";

/** An edge by its nodes. */
export interface WantedEdge {
  readonly from: number;
  readonly to: number;
  /** 0 to 1; of edges in a circle the least goes first. */
  readonly probability: number;
}

/** Steps that one tangle of circles may take, some 0.3 s; of a larger one only what leads forward is held to. */
const MOST_STEPS = 50_000_000;

/**
 * Tells of each wanted edge whether it is held to: the likeliest first, of equal ones the first, each unless it closes a
 * circle with those before it and the given edges. Circles of given edges alone are left as they are, without a wanted
 * edge inside.
 *
 * @param size nodes
 * @param given edges that hold in any case; but for circles, forward by the numbers of the nodes in `wanted`
 */
export function heldEdges(
  size: number,
  given: EdgeColumns,
  wanted: readonly WantedEdge[],
): readonly boolean[] {
  const all = {
    row: Uint32Array.from([...given.row, ...wanted.map(({ from }) => from)]),
    neighbour: Uint32Array.from([...given.neighbour, ...wanted.map(({ to }) => to)]),
  };
  const { of, count } = strongComponents(adjacency(size, all, indices(all.row.length)));
  const isInside = (from: number, to: number): boolean => of[from] === of[to];
  const after: number[][] = Array.from({ length: size }, () => []);
  const steps = new Float64Array(count);
  all.row.forEach((from, i) => {
    const to = all.neighbour[i]!;
    if (!isInside(from, to)) return;
    steps[of[from]!]! += 1;
    if (i < given.row.length) after[from]!.push(to);
  });
  const isHeld = wanted.map(({ from, to }) => !isInside(from, to));
  const inside = [...wanted.keys()].filter((i) => !isHeld[i]);
  inside.sort((a, b) => wanted[b]!.probability - wanted[a]!.probability || a - b);
  for (const i of inside) {
    const { from, to } = wanted[i]!;
    isHeld[i] = steps[of[from]!]! ** 2 > MOST_STEPS ? from < to : !reaches(after, to, from);
    if (isHeld[i]) after[from]!.push(to);
  }
  return isHeld;
}

function reaches(after: readonly (readonly number[])[], from: number, to: number): boolean {
  const seen = new Set([from]);
  const open = [from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === to) return true;
    for (const next of after[node]!) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return false;
}
