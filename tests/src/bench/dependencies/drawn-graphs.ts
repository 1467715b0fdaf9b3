import { buildGraph, type Edge, type Graph, type TaskId, taskId } from "@sheaf/core";
import fc from "fast-check";

/** Two graphs without cycles over the same tasks; edges lead up the list as often as down. */
export interface DrawnGraphs {
  readonly gold: Graph;
  readonly predicted: Graph;
}

export function drawnGraphs(maxTasks: number): fc.Arbitrary<DrawnGraphs> {
  return fc.integer({ min: 1, max: maxTasks }).chain((size) => {
    const ids = Array.from({ length: size }, (_, i) => taskId(`t${i}`));
    const graph = acyclic(size).map((pairs) => graphOf(ids, pairs));
    return fc.record({ gold: graph, predicted: graph });
  });
}

export type Pair = readonly [from: number, to: number];

/** Builds a graph of edges by place. */
export function graphOf(ids: readonly TaskId[], pairs: readonly Pair[]): Graph {
  const label = { kind: "order", source: "llm", probability: 1, evidence: "" } as const;
  return buildGraph(
    ids,
    pairs.map(([from, to]): Edge => ({ from: ids[from]!, to: ids[to]!, ...label })),
  );
}

/** Edges that lead up some order of the tasks, which is drawn too. */
function acyclic(size: number): fc.Arbitrary<readonly Pair[]> {
  const all = Array.from({ length: size }, (_, i) => i);
  const end = fc.nat({ max: size - 1 });
  return fc
    .tuple(
      fc.shuffledSubarray(all, { minLength: size, maxLength: size }),
      fc.array(fc.tuple(end, end), { maxLength: 2 * size }),
    )
    .map(([rank, drawn]) =>
      drawn.flatMap(([a, b]) =>
        a === b ? [] : [rank[a]! < rank[b]! ? ([a, b] as const) : ([b, a] as const)],
      ),
    );
}

/** Tells for any two places whether a path leads from one to the other, by the definition (Warshall). */
export function pathsOf(graph: Graph): (from: number, to: number) => boolean {
  const places = [...graph.ids.keys()];
  const leads = places.map(() => places.map(() => false));
  for (const { from, to } of graph.edges) leads[graph.indexOf(from)!]![graph.indexOf(to)!] = true;
  for (const via of places) {
    for (const from of places) {
      for (const to of places) leads[from]![to] ||= leads[from]![via]! && leads[via]![to]!;
    }
  }
  return (from, to) => leads[from]![to]!;
}
