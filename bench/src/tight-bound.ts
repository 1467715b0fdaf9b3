import { type Graph, makespanBound, reversed, upwardRank } from "@sheaf/core";

/** Most starts and most ends that are looked at; any choice of them gives a true bound. */
const MOST_THRESHOLDS = 64;

/**
 * Returns a time that no schedule can beat, closer than `makespanBound`. It holds for every set of tasks that cannot
 * start before a and after which at least b must follow: a + what the set takes on so many processors + b. That
 * in turn is at least the set's work shared out, and, as of k x processors + 1 tasks some k + 1 must share a
 * processor, at least the k + 1 shortest of as many of the longest.
 */
export function tightBound(graph: Graph, durations: Float64Array, processors: number): number {
  const own = (rank: number, i: number): number => rank - durations[i]!;
  const heads = upwardRank(reversed(graph), durations).map(own);
  const tails = upwardRank(graph, durations).map(own);
  const longestFirst = [...durations.keys()].sort((a, b) => durations[b]! - durations[a]!);
  let bound = makespanBound(graph, durations, processors);
  for (const head of thresholds(heads)) {
    const late = longestFirst.filter((i) => heads[i]! >= head);
    for (const tail of thresholds(tails)) {
      const set = late.filter((i) => tails[i]! >= tail).map((i) => durations[i]!);
      if (set.length > 0) bound = Math.max(bound, head + sharedOut(set, processors) + tail);
    }
  }
  return bound;
}

/** Least time for independent tasks, given longest first. */
function sharedOut(durations: readonly number[], processors: number): number {
  let least = durations.reduce((sum, duration) => sum + duration, 0) / processors;
  for (let k = 1; k * processors < durations.length; k++) {
    const shortest = durations.slice(k * processors - k, k * processors + 1);
    least = Math.max(
      least,
      shortest.reduce((sum, duration) => sum + duration, 0),
    );
  }
  return least;
}

function thresholds(values: Float64Array): readonly number[] {
  const all = [...new Set(values)].sort((a, b) => a - b);
  if (all.length <= MOST_THRESHOLDS) return all;
  return Array.from(
    { length: MOST_THRESHOLDS },
    (_, k) => all[Math.round((k * (all.length - 1)) / (MOST_THRESHOLDS - 1))]!,
  );
}
