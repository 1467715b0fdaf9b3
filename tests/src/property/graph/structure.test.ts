import {
  buildGraph,
  dependenciesOf,
  dependentsOf,
  type Edge,
  type Graph,
  transitiveReduction,
} from "@sheaf/core";
import { arbitraryDag, arbitraryGraph, type TaskGraph } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { reachability } from "./model.ts";

const build = ({ ids, edges }: TaskGraph): Graph => buildGraph(ids, edges);

/** For every pair the edges between it, sorted so that the one to keep comes first. */
function keptEdges({ edges }: TaskGraph): Edge[] {
  const pairs = new Map<string, Edge[]>();
  for (const edge of edges) {
    const pair = JSON.stringify([edge.from, edge.to]);
    pairs.set(pair, [...(pairs.get(pair) ?? []), edge]);
  }
  const declaredFirst = (edge: Edge): number => (edge.source === "declared" ? 0 : 1);
  return [...pairs.values()].map(
    (same) => same.sort((a, b) => declaredFirst(a) - declaredFirst(b) || b.probability - a.probability)[0]!,
  );
}

test("of the edges between two tasks a declared one is kept, else the most probable, else the first", () => {
  fc.assert(
    fc.property(arbitraryGraph({ maxTasks: 5, maxDegree: 6 }), (drawn) => {
      expect(build(drawn).edges).toEqual(keptEdges(drawn));
    }),
  );
});

test("rows of successors and predecessors hold each edge once, ascending, with its place in the list of edges", () => {
  fc.assert(
    fc.property(arbitraryGraph(), (drawn) => {
      const graph = build(drawn);
      for (const [way, rows] of [
        ["to", graph.successors],
        ["from", graph.predecessors],
      ] as const) {
        const seen = drawn.ids.flatMap((id, i) => {
          const neighbours = [...rows.neighbours.subarray(rows.starts[i], rows.starts[i + 1])];
          expect(neighbours).toEqual([...neighbours].sort((a, b) => a - b));
          const edges = [...rows.edges.subarray(rows.starts[i], rows.starts[i + 1])];
          for (const [k, e] of edges.entries()) {
            expect(graph.edges[e]![way]).toBe(graph.ids[neighbours[k]!]);
            expect(graph.edges[e]![way === "to" ? "from" : "to"]).toBe(id);
          }
          return edges;
        });
        expect(seen.sort((a, b) => a - b)).toEqual([...graph.edges.keys()]);
      }
    }),
  );
});

test("every id is found at its place, whatever it is called", () => {
  fc.assert(
    fc.property(arbitraryGraph({ maxTasks: 30 }), (drawn) => {
      const graph = build(drawn);
      expect(graph.ids.map((id) => graph.indexOf(id))).toEqual([...graph.ids.keys()]);
      expect(["valueOf", "isPrototypeOf"].map((id) => graph.indexOf(id))).toEqual(
        ["valueOf", "isPrototypeOf"].map((id) =>
          (drawn.ids as readonly string[]).includes(id) ? expect.any(Number) : undefined,
        ),
      );
    }),
  );
});

test("dependencies and dependents, direct and transitive, are those of the reachability matrix", () => {
  fc.assert(
    fc.property(arbitraryGraph({ maxTasks: 9, maxDegree: 2 }), (drawn) => {
      const graph = build(drawn);
      const reach = reachability(drawn);
      const direct = drawn.ids.map((from) =>
        drawn.ids.map((to) => drawn.edges.some((edge) => edge.from === from && edge.to === to)),
      );
      drawn.ids.forEach((id, i) => {
        expect(dependentsOf(graph, id)).toEqual(drawn.ids.filter((_, j) => direct[i]![j]));
        expect(dependenciesOf(graph, id)).toEqual(drawn.ids.filter((_, j) => direct[j]![i]));
        expect(dependentsOf(graph, id, { transitive: true })).toEqual(
          drawn.ids.filter((_, j) => reach[i]![j]),
        );
        expect(dependenciesOf(graph, id, { transitive: true })).toEqual(
          drawn.ids.filter((_, j) => reach[j]![i]),
        );
      });
    }),
  );
});

test("the transitive reduction drops exactly the edges that a longer path implies", () => {
  fc.assert(
    fc.property(arbitraryDag({ maxTasks: 14, maxDegree: 4 }), (drawn) => {
      const graph = build(drawn);
      const reach = reachability(drawn);
      const at = (id: string): number => graph.indexOf(id)!;
      const needed = graph.edges.filter(
        ({ from, to }) => !graph.ids.some((_, via) => reach[at(from)]![via] && reach[via]![at(to)]),
      );
      const reduced = transitiveReduction(graph);
      expect(reduced).toEqual(needed);
      expect(reachability({ ids: drawn.ids, edges: reduced })).toEqual(reach);
    }),
  );
});
