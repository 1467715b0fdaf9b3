import { expect, test } from "vitest";
import type { Edge } from "../edge.ts";
import type { TaskId } from "../ids.ts";
import { fromDot } from "./dot.ts";
import { buildGraph, type Graph } from "./graph.ts";
import { transitiveReduction } from "./transitive-reduction.ts";

const pairs = (edges: readonly Edge[]): string[] => edges.map(({ from, to }) => `${from}>${to}`);

test("an edge that a longer path implies is left out", () => {
  const graph = fromDot("digraph { a -> d; a -> b -> c -> d; b -> d; a -> e; }");
  expect(pairs(transitiveReduction(graph))).toEqual(["a>b", "b>c", "c>d", "a>e"]);
});

test("a graph of a thousand tasks and more keeps the edges that no other path replaces", () => {
  const graph = randomGraph(1_500, 3_500);
  const needed = graph.edges.filter((_, e) => !impliedBySearch(graph, e));
  expect(transitiveReduction(graph)).toEqual(needed);
  expect(needed.length).toBeLessThan(graph.edges.length);
});

test("a cyclic graph is refused", () => {
  expect(() => transitiveReduction(fromDot("digraph { a -> b -> a; }"))).toThrow("a -> b -> a");
});

function impliedBySearch({ edges, indexOf, successors: { starts, neighbours } }: Graph, e: number): boolean {
  const from = indexOf(edges[e]!.from)!;
  const to = indexOf(edges[e]!.to)!;
  const seen = new Set<number>();
  const open = [...neighbours.subarray(starts[from], starts[from + 1])].filter((next) => next !== to);
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    if (i === to) return true;
    if (seen.has(i)) continue;
    seen.add(i);
    open.push(...neighbours.subarray(starts[i], starts[i + 1]));
  }
  return false;
}

/** Edges between tasks that lie at most 60 apart, in a list that is sorted by name. */
function randomGraph(size: number, count: number): Graph {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const ids = Array.from({ length: size }, (_, i) => `t${i}` as TaskId).sort();
  const edges = Array.from({ length: count }, (): Edge => {
    const from = random(size - 1);
    const to = Math.min(size - 1, from + 1 + random(60));
    const label = { kind: "order", source: "llm", probability: 1, evidence: "" } as const;
    return { from: `t${from}` as TaskId, to: `t${to}` as TaskId, ...label };
  });
  return buildGraph(ids, edges);
}
