import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { condensedOrder } from "./condensed-order.ts";

type Edges = readonly (readonly [number, number])[];

const orderOf = (
  size: number,
  edges: Edges,
  keys: readonly number[] = Array.from({ length: size }, (_, i) => i),
) =>
  condensedOrder(
    size,
    { row: Uint32Array.from(edges, ([from]) => from), neighbour: Uint32Array.from(edges, ([, to]) => to) },
    Float64Array.from(keys),
  );

/** By definition: which nodes can be reached from which. */
function reach(size: number, edges: Edges): boolean[][] {
  const table = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => i === j));
  for (const [from, to] of edges) table[from]![to] = true;
  for (let k = 0; k < size; k++)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) table[i]![j] ||= table[i]![k]! && table[k]![j]!;
  return table;
}

/** By definition: of the groups whose predecessors are all out, the one with the least key. */
function plainOrder(size: number, edges: Edges, keys: readonly number[]): number[] {
  const reaches = reach(size, edges);
  const groupOf = (i: number): number[] =>
    keys.flatMap((_, j) => (reaches[i]![j] && reaches[j]![i] ? [j] : []));
  const left = new Set(keys.keys());
  const order: number[] = [];
  while (left.size > 0) {
    const free = [...left].filter((i) => ![...left].some((j) => reaches[j]![i] && !reaches[i]![j]));
    const least = (i: number): number => Math.min(...groupOf(i).map((j) => keys[j]!));
    free.sort((a, b) => least(a) - least(b) || Math.min(...groupOf(a)) - Math.min(...groupOf(b)));
    const group = groupOf(free[0]!).sort((a, b) => keys[a]! - keys[b]! || a - b);
    for (const i of group) left.delete(i);
    order.push(...group);
  }
  return order;
}

describe("condensedOrder", () => {
  it("moves a node only behind what leads to it", () => {
    expect(orderOf(4, [[3, 1]])).toEqual({ order: [0, 2, 3, 1], cycles: [] });
  });

  it("keeps the nodes of a cycle together, in the order of their keys", () => {
    expect(
      orderOf(5, [
        [3, 1],
        [1, 3],
        [4, 3],
      ]),
    ).toEqual({ order: [0, 2, 4, 1, 3], cycles: [[1, 3]] });
  });

  it("takes what has no place of its own as soon as it can", () => {
    const none = Number.NEGATIVE_INFINITY;
    expect(
      orderOf(
        4,
        [
          [1, 3],
          [3, 0],
        ],
        [0, 1, 2, none],
      ).order,
    ).toEqual([1, 3, 0, 2]);
    expect(
      orderOf(
        3,
        [
          [1, 2],
          [2, 1],
        ],
        [0, 1, none],
      ),
    ).toEqual({ order: [0, 2, 1], cycles: [[2, 1]] });
  });

  it("equals its definition", () => {
    const graph = fc.integer({ min: 1, max: 9 }).chain((size) => {
      const node = fc.nat({ max: size - 1 });
      return fc.record({
        edges: fc.array(fc.tuple(node, node), { maxLength: 14 }),
        keys: fc.array(fc.nat({ max: 5 }), { minLength: size, maxLength: size }),
      });
    });
    fc.assert(
      fc.property(graph, ({ edges, keys }) => {
        const { order } = orderOf(keys.length, edges, keys);
        expect(order).toEqual(plainOrder(keys.length, edges, keys));
      }),
      cases({ ci: 500, full: 500, deep: 5_000 }),
    );
  });

  it("takes long chains and large cycles", () => {
    const size = 200_000;
    const chain = Array.from({ length: size - 1 }, (_, i) => [size - 1 - i, size - 2 - i] as const);
    expect(orderOf(size, chain).order[0]).toBe(size - 1);
    expect(orderOf(size, [...chain, [0, size - 1]]).cycles[0]).toHaveLength(size);
  });
});
