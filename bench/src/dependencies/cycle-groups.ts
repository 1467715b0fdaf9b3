import type { Adjacency, Graph } from "@sheaf/core";

/**
 * Returns a number for each task: two tasks have the same one where each must wait for the other, so an edge lies on a
 * cycle just where its ends have one number. O(tasks + edges), without recursion.
 *
 * Source: Kosaraju's algorithm, as in Aho, Hopcroft and Ullman, Data Structures and Algorithms, 1983.
 */
export function cycleGroups({ size, successors, predecessors }: Graph): Uint32Array {
  const left: number[] = [];
  walkDepthFirst(
    successors,
    Array.from({ length: size }, (_, i) => i),
    (i) => left.push(i),
  );
  const groups = new Uint32Array(size);
  walkDepthFirst(predecessors, left.reverse(), (i, root) => {
    groups[i] = root;
  });
  return groups;
}

/** Walks from each root that no earlier walk came by. `leave` is told of a task once all behind it are left. */
function walkDepthFirst(
  { starts, neighbours }: Adjacency,
  roots: readonly number[],
  leave: (i: number, root: number) => void,
): void {
  const next = starts.slice();
  const seen = new Uint8Array(roots.length);
  for (const root of roots) {
    if (seen[root] === 1) continue;
    seen[root] = 1;
    const path = [root];
    for (let i = path.at(-1); i !== undefined; i = path.at(-1)) {
      if (next[i] === starts[i + 1]) {
        path.pop();
        leave(i, root);
        continue;
      }
      const neighbour = neighbours[next[i]!++]!;
      if (seen[neighbour] === 1) continue;
      seen[neighbour] = 1;
      path.push(neighbour);
    }
  }
}
