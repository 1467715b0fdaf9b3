import type { Adjacency } from "./adjacency.ts";

/** Which nodes reach each other. */
export interface StrongComponents {
  /** Number of the component of each node, from 0. A component comes after all that it leads to. */
  readonly of: Uint32Array;
  readonly count: number;
}

/** Finds the strongly connected components (Tarjan's algorithm), O(nodes + edges), without recursion. */
export function strongComponents({ starts, neighbours }: Adjacency): StrongComponents {
  const size = starts.length - 1;
  const of = new Uint32Array(size);
  const seen = new Uint32Array(size); // when a node was first met, from 1; 0: not yet
  const low = new Uint32Array(size); // earliest node that it is known to reach
  const next = starts.slice(0, size);
  const isOpen = new Uint8Array(size); // met, and in no component yet
  const open: number[] = [];
  const path: number[] = [];
  let met = 0;
  let count = 0;

  const meet = (node: number): void => {
    met += 1;
    seen[node] = met;
    low[node] = met;
    isOpen[node] = 1;
    open.push(node);
    path.push(node);
  };
  const close = (root: number): void => {
    for (;;) {
      const node = open.pop()!;
      isOpen[node] = 0;
      of[node] = count;
      if (node === root) break;
    }
    count += 1;
  };

  for (let first = 0; first < size; first++) {
    if (seen[first] !== 0) continue;
    meet(first);
    while (path.length > 0) {
      const node = path.at(-1)!;
      if (next[node]! < starts[node + 1]!) {
        const after = neighbours[next[node]!++]!;
        if (seen[after] === 0) meet(after);
        else if (isOpen[after] === 1) low[node] = Math.min(low[node]!, seen[after]!);
        continue;
      }
      path.pop();
      if (low[node] === seen[node]) close(node);
      const before = path.at(-1);
      if (before !== undefined) low[before] = Math.min(low[before]!, low[node]!);
    }
  }
  return { of, count };
}
