import { type Graph, taskId } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Comparison, compareGraphs } from "../../../../bench/src/dependencies/compare-graphs.ts";
import { parallelismKept, repaired } from "../../../../bench/src/dependencies/parallelism-kept.ts";
import { drawnGraphs, graphOf, type Pair, pathsOf } from "./drawn-graphs.ts";

const counts = cases({ ci: 200, deep: 50_000 });
const idsUpTo = (size: number) => Array.from({ length: size }, (_, i) => taskId(`t${i}`));

/** What is compared, by looking at each pair of tasks. */
function byDefinition(gold: Graph, predicted: Graph): Comparison {
  const [truly, said] = [pathsOf(gold), pathsOf(predicted)];
  const pairs = gold.ids.flatMap((_, a) => gold.ids.slice(a + 1).map((_, k): Pair => [a, a + 1 + k]));
  const both = pairs.flatMap(([a, b]): Pair[] => [
    [a, b],
    [b, a],
  ]);
  const independent = pairs.filter(([a, b]) => !truly(a, b) && !truly(b, a));
  const edges = (graph: Graph): string[] => graph.edges.map(({ from, to }) => `${from} ${to}`);
  return {
    trueEdges: gold.edges.length,
    predictedEdges: predicted.edges.length,
    commonEdges: edges(gold).filter((edge) => edges(predicted).includes(edge)).length,
    truePairs: both.filter(([a, b]) => truly(a, b)).length,
    foundPairs: both.filter(([a, b]) => truly(a, b) && said(a, b)).length,
    independentPairs: independent.length,
    orderedPairs: independent.filter(([a, b]) => said(a, b) || said(b, a)).length,
  };
}

test("the counts are those of looking at each pair of tasks, wherever edges lead in the list", () => {
  fc.assert(
    fc.property(drawnGraphs(9), ({ gold, predicted }) => {
      expect(compareGraphs(gold, predicted)).toEqual(byDefinition(gold, predicted));
    }),
    counts,
  );
});

test("graphs of more tasks than one sweep looks at are compared the same", () => {
  // Chains of 2,500 and of 700 tasks from the end of the list to its start, the second broken in the middle.
  const size = 3_200;
  const chain = (from: number, to: number): Pair[] =>
    Array.from({ length: to - from - 1 }, (_, i) => [from + i + 1, from + i]);
  const gold = graphOf(idsUpTo(size), [...chain(0, 2_500), ...chain(2_500, size)]);
  const predicted = graphOf(idsUpTo(size), [
    ...chain(0, 2_500),
    ...chain(2_500, 2_850),
    ...chain(2_850, size),
    [0, 3_199],
  ]);
  const pairsOf = (length: number): number => (length * (length - 1)) / 2;
  expect(compareGraphs(gold, predicted)).toEqual({
    trueEdges: 2_499 + 699,
    predictedEdges: 2_499 + 349 + 349 + 1,
    commonEdges: 2_499 + 349 + 349,
    truePairs: pairsOf(2_500) + pairsOf(700),
    foundPairs: pairsOf(2_500) + 2 * pairsOf(350),
    independentPairs: 2_500 * 700,
    orderedPairs: 2_500 * 350,
  });
});

test("a repaired graph has all predicted edges, and the true ones but for those on a cycle with them", () => {
  fc.assert(
    fc.property(drawnGraphs(7), ({ gold, predicted }) => {
      const edges = (graph: Graph): string[] => graph.edges.map(({ from, to }) => `${from} ${to}`);
      const mended = repaired(predicted, gold);
      expect(edges(mended)).toEqual(expect.arrayContaining(edges(predicted)));
      const closes = pathsOf(graphOf(gold.ids, [gold, predicted].flatMap(placesOf)));
      for (const [from, to] of placesOf(gold)) {
        const isKept = edges(mended).includes(`${gold.ids[from]} ${gold.ids[to]}`);
        const isPredicted = edges(predicted).includes(`${gold.ids[from]} ${gold.ids[to]}`);
        expect(isKept).toBe(isPredicted || !closes(to, from));
      }
      const leads = pathsOf(mended);
      expect(gold.ids.some((_, i) => leads(i, i))).toBe(false);
    }),
    counts,
  );
});

const placesOf = (graph: Graph): Pair[] =>
  graph.edges.map(({ from, to }) => [graph.indexOf(from)!, graph.indexOf(to)!]);

const kept = (truly: readonly Pair[], said: readonly Pair[], durations: readonly number[]): number => {
  const ids = idsUpTo(durations.length);
  return parallelismKept(graphOf(ids, truly), graphOf(ids, said), Float64Array.from(durations));
};

test("parallelism kept is the time with the true graph over that with the predicted one, on 4 workers", () => {
  expect(kept([], [[1, 0]], [3, 2])).toBe(3 / 5);
  expect(kept([], [], [1, 1, 1, 1, 1])).toBe(1);
  // Five tasks on four workers take two rounds, in a chain five.
  expect(
    kept(
      [],
      [
        [4, 3],
        [3, 2],
        [2, 1],
        [1, 0],
      ],
      [1, 1, 1, 1, 1],
    ),
  ).toBe(2 / 5);
});

test("true edges that are missing cost no parallelism, and a list that takes no time keeps all of it", () => {
  expect(
    kept(
      [
        [1, 0],
        [2, 1],
      ],
      [],
      [1, 2, 4],
    ),
  ).toBe(1);
  expect(kept([[1, 0]], [[2, 0]], [1, 1, 1])).toBe(1);
  expect(kept([], [[1, 0]], [0, 0])).toBe(1);
});

test("a prediction that turns a true edge round is kept to", () => {
  expect(
    kept(
      [[1, 0]],
      [
        [0, 1],
        [1, 2],
      ],
      [1, 1, 1],
    ),
  ).toBe(2 / 3);
});
