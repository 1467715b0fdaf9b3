import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { adjacency, indices } from "./adjacency.ts";
import { strongComponents } from "./strong-components.ts";

type Edges = readonly (readonly [number, number])[];

const graph = fc.integer({ min: 1, max: 8 }).chain((size) => {
  const node = fc.nat({ max: size - 1 });
  return fc.record({ size: fc.constant(size), edges: fc.array(fc.tuple(node, node), { maxLength: 12 }) });
});

function reached(from: number, edges: Edges): ReadonlySet<number> {
  const found = new Set([from]);
  for (const node of found) for (const [a, b] of edges) if (a === node) found.add(b);
  return found;
}

test("two nodes are of one component just where each leads to the other, and it comes after what it leads to", () => {
  fc.assert(
    fc.property(graph, ({ size, edges }) => {
      const columns = {
        row: Uint32Array.from(edges, ([from]) => from),
        neighbour: Uint32Array.from(edges, ([, to]) => to),
      };
      const { of, count } = strongComponents(adjacency(size, columns, indices(edges.length)));
      expect(new Set(of).size).toBe(count);
      for (let a = 0; a < size; a++) {
        for (const b of reached(a, edges)) {
          const isBack = reached(b, edges).has(a);
          expect(of[a] === of[b]).toBe(isBack);
          if (!isBack) expect(of[a]).toBeGreaterThan(of[b]!);
        }
      }
    }),
    cases({ ci: 500, deep: 5_000 }),
  );
});
