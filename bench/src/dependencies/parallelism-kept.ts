import {
  buildGraph,
  dispatchPriorities,
  findCycle,
  type Graph,
  listSchedule,
  strongComponents,
} from "@sheaf/core";

/** Tasks that may run at once. */
const WORKERS = 4;

/**
 * Returns how much faster than in order the list runs with the predicted graph, over how much faster it runs with the
 * true one, by list scheduling with 4 workers. It says what superfluous edges cost: true edges that are missing are
 * put in first, since a task that was started too early runs again after what it needs. So it is near 1 without any
 * edge, and can be above 1, as more edges can make a list schedule shorter (Graham's anomalies).
 */
export function parallelismKept(gold: Graph, predicted: Graph, durations: Float64Array): number {
  const truly = makespan(gold, durations);
  const repairedly = makespan(repaired(predicted, gold), durations);
  return repairedly === 0 ? 1 : truly / repairedly;
}

/**
 * Returns the predicted graph with the true edges that it lacks. A true edge that lies on a cycle with predicted ones
 * is left out: the run keeps to the prediction there.
 */
export function repaired(predicted: Graph, gold: Graph): Graph {
  const { ids } = predicted;
  const both = buildGraph(ids, [...predicted.edges, ...gold.edges]);
  if (findCycle(both) === undefined) return both;
  const { of: groups } = strongComponents(both.successors);
  const groupOf = (id: string): number => groups[both.indexOf(id)!]!;
  const addable = gold.edges.filter(({ from, to }) => groupOf(from) !== groupOf(to));
  return buildGraph(ids, [...predicted.edges, ...addable]);
}

function makespan(graph: Graph, durations: Float64Array): number {
  const priorities = dispatchPriorities(graph, durations, WORKERS);
  return listSchedule(graph, durations, { processors: WORKERS, schedule: "ready", priorities }).makespanMs;
}
