import { type Graph, reversed } from "@sheaf/core";
import { visitClosures } from "./closure.ts";

/** What a predicted graph has in common with the true one, in counts that can be summed over lists. */
export interface Comparison {
  /** Edges as they stand in the two graphs. */
  readonly trueEdges: number;
  readonly predictedEdges: number;
  readonly commonEdges: number;
  /** Pairs of tasks of which one must wait for the other, directly or not. */
  readonly truePairs: number;
  /** Those that the predicted graph orders, in the same direction. */
  readonly foundPairs: number;
  /** Pairs of tasks of which neither need wait for the other. */
  readonly independentPairs: number;
  /** Those that the predicted graph orders, in whatever direction. */
  readonly orderedPairs: number;
}

/**
 * Compares two graphs of the same tasks. O(tasks x edges / 32).
 *
 * @throws SheafError GRAPH_CYCLE
 */
export function compareGraphs(gold: Graph, predicted: Graph): Comparison {
  let truePairs = 0;
  let foundPairs = 0;
  let predictedPairs = 0;
  let turnedPairs = 0;
  visitClosures([gold, reversed(gold), predicted], ([forth = 0, back = 0, found = 0]) => {
    truePairs += ones(forth);
    foundPairs += ones(forth & found);
    turnedPairs += ones(back & found);
    predictedPairs += ones(found);
  });
  const trueEdges = edgeKeys(gold);
  const predictedEdges = edgeKeys(predicted);
  return {
    trueEdges: trueEdges.size,
    predictedEdges: predictedEdges.size,
    commonEdges: [...predictedEdges].filter((key) => trueEdges.has(key)).length,
    truePairs,
    foundPairs,
    independentPairs: (gold.size * (gold.size - 1)) / 2 - truePairs,
    orderedPairs: predictedPairs - foundPairs - turnedPairs,
  };
}

function edgeKeys(graph: Graph): ReadonlySet<number> {
  return new Set(graph.edges.map(({ from, to }) => graph.indexOf(from)! * graph.size + graph.indexOf(to)!));
}

/** How many bits of a word are set. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
