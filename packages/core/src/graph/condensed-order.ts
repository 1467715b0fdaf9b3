import { adjacency, type EdgeColumns, indices } from "./adjacency.ts";
import { indexHeap } from "./index-heap.ts";
import { type StrongComponents, strongComponents } from "./strong-components.ts";

/** An order of nodes, some of which may stand on cycles. */
export interface CondensedOrder {
  readonly order: readonly number[];
  /** Nodes that reach each other, in the order in which they came out; each more than one. */
  readonly cycles: readonly (readonly number[])[];
}

/**
 * Returns the first order, by keys, in which each node comes after all that lead to it. Nodes that lead to each other
 * stand together, by their keys alone.
 *
 * @param edges each from `row` to `neighbour`
 * @param keys one for each node, the least first, of equal ones the least index; -Infinity comes as soon as it can, and
 *   says nothing about a cycle that it stands on
 */
export function condensedOrder(size: number, edges: EdgeColumns, keys: Float64Array): CondensedOrder {
  const rows = adjacency(size, edges, indices(edges.row.length));
  const components = strongComponents(rows);
  const members = membersOf(components, keys);
  const waitsFor = new Uint32Array(components.count);
  for (let k = 0; k < edges.row.length; k++) {
    const [from, to] = [components.of[edges.row[k]!]!, components.of[edges.neighbour[k]!]!];
    if (from !== to) waitsFor[to]! += 1;
  }
  const ready = indexHeap(ranks(members, keys));
  for (let i = 0; i < components.count; i++) if (waitsFor[i] === 0) ready.push(i);
  const order: number[] = [];
  const cycles: (readonly number[])[] = [];
  for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
    const nodes = members[i]!;
    if (nodes.length > 1) cycles.push(nodes);
    for (const node of nodes) {
      order.push(node);
      for (let k = rows.starts[node]!; k < rows.starts[node + 1]!; k++) {
        const after = components.of[rows.neighbours[k]!]!;
        if (after === i) continue;
        waitsFor[after]! -= 1;
        if (waitsFor[after] === 0) ready.push(after);
      }
    }
  }
  return { order, cycles };
}

function membersOf({ of, count }: StrongComponents, keys: Float64Array): readonly (readonly number[])[] {
  const members: number[][] = Array.from({ length: count }, () => []);
  of.forEach((component, node) => {
    members[component]!.push(node);
  });
  for (const nodes of members) if (nodes.length > 1) nodes.sort((a, b) => keys[a]! - keys[b]! || a - b);
  return members;
}

/** Place of each group among all, by its least key, then by its least node. */
function ranks(groups: readonly (readonly number[])[], keys: Float64Array): Float64Array {
  const least = groups.map((nodes) => leastKey(nodes, keys));
  const first = groups.map((nodes) => nodes.reduce((a, b) => Math.min(a, b)));
  const sorted = [...groups.keys()].sort((a, b) => least[a]! - least[b]! || first[a]! - first[b]!);
  const rank = new Float64Array(groups.length);
  sorted.forEach((group, place) => {
    rank[group] = place;
  });
  return rank;
}

function leastKey(nodes: readonly number[], keys: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (const node of nodes) if (keys[node]! > Number.NEGATIVE_INFINITY) least = Math.min(least, keys[node]!);
  return least === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : least;
}
