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
  const graph = randomGraph(1_500, 6_000);
  const needed = graph.edges.filter((_, e) => !impliedBySearch(graph, e));
  expect(transitiveReduction(graph)).toEqual(needed);
  expect(needed.length).toBeLessThan(graph.edges.length);
});

test("every second step of a long chain is implied, wherever it ends", () => {
  const names = Array.from({ length: 2_100 }, (_, i) => `t${i}`);
  const steps = names.slice(2).map((to, i) => `${names[i]} -> ${to};`);
  const graph = fromDot(`digraph { ${names.join(" -> ")}; ${steps.join(" ")} }`);
  expect(transitiveReduction(graph)).toEqual(graph.edges.slice(0, names.length - 1));
});

test("an edge from the head of one long chain to the middle of another is kept", () => {
  const chain = (letter: string): string => Array.from({ length: 600 }, (_, i) => letter + i).join(" -> ");
  const graph = fromDot(`digraph { ${chain("a")}; ${chain("b")}; ${chain("c")}; a10 -> b400; }`);
  expect(transitiveReduction(graph)).toEqual(graph.edges);
});

test("a cyclic graph is refused", () => {
  expect(() => transitiveReduction(fromDot("digraph { a -> b -> a; }"))).toThrow("a -> b -> a");
});

/** Looks for another way to the end of an edge; tasks are numbered so that edges lead to higher numbers. */
function impliedBySearch({ ids, edges, indexOf, successors }: Graph, e: number): boolean {
  const { starts, neighbours } = successors;
  const from = indexOf(edges[e]!.from)!;
  const to = indexOf(edges[e]!.to)!;
  const number = ids.map((id) => Number(id.slice(1)));
  const seen = new Set<number>([to]);
  const open = [...neighbours.subarray(starts[from], starts[from + 1])].filter((next) => next !== to);
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    if (seen.has(i) || number[i]! > number[to]!) continue;
    seen.add(i);
    const next = neighbours.subarray(starts[i], starts[i + 1]);
    if (next.includes(to)) return true;
    open.push(...next);
  }
  return false;
}

/** Edges between tasks near each other and, each third one, anywhere, in a list that is sorted by name. */
function randomGraph(size: number, count: number): Graph {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const ids = Array.from({ length: size }, (_, i) => `t${i}` as TaskId).sort();
  const edges = Array.from({ length: count }, (_, e): Edge => {
    const from = random(size - 1);
    const to = Math.min(size - 1, from + 1 + random(e % 3 === 0 ? size : 30));
    const label = { kind: "order", source: "llm", probability: 1, evidence: "" } as const;
    return { from: `t${from}` as TaskId, to: `t${to}` as TaskId, ...label };
  });
  return buildGraph(ids, edges);
}
