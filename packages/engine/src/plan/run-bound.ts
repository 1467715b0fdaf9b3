import { type Graph, makespanBound } from "@sheaf/core";

/** A limit that tasks share. */
export interface SharedLimit {
  readonly tag: string;
  readonly limit: number;
  readonly tasks: readonly number[];
}

/** What keeps the tasks of a run from being done all at once. */
export interface RunBounds {
  readonly maxWorkers: number;
  /** For each limit, how many of its tasks may run at once and which those are. */
  readonly shared: readonly SharedLimit[];
  /** Tasks that start only when all before them are settled: no two of them overlap. */
  readonly inTurn: readonly number[];
}

/**
 * Returns a time in ms that no schedule of the run can beat: the longest path, all work shared out among the workers,
 * the work of each limit shared out among its places, and the tasks that run in their turn one after another.
 */
export function runBoundMs(graph: Graph, durationsMs: Float64Array, bounds: RunBounds): number {
  const sum = (tasks: readonly number[]): number =>
    tasks.reduce((total, task) => total + durationsMs[task]!, 0);
  return Math.max(
    makespanBound(graph, durationsMs, bounds.maxWorkers),
    ...bounds.shared.map(({ limit, tasks }) => sum(tasks) / limit),
    sum(bounds.inTurn),
  );
}
