import type { Graph } from "./graph.ts";
import { type ListSchedule, listSchedule, makespanBound } from "./list-schedule.ts";
import { reversed } from "./reversed.ts";
import { upwardRank } from "./upward-rank.ts";

/** Most rounds of improvement; further ones change next to nothing. */
const MAX_ROUNDS = 4;
/** Most tasks and edges to go through in all rounds together: planning 10,000 tasks must stay in milliseconds. */
const MAX_STEPS = 30_000;

/**
 * Returns for each task the time in ms that is thought to be left when it starts. Of the tasks that may start, the
 * one with the most goes first.
 *
 * That is the upward rank (the longest remaining path), which knows nothing of the number of slots. Where graph
 * and slots leave room for a shorter run, the list is scheduled from its end backwards and forwards again a few
 * times, each time in the order that the schedule before it gives (forward-backward improvement, Li and Willis
 * 1992), and the backward schedule that led to the shortest run is taken. Durations are estimates: with wrong ones
 * both do equally well, so that nothing is lost by the improvement.
 *
 * @throws SheafError GRAPH_CYCLE, OPTION_INVALID
 */
export function dispatchPriorities(graph: Graph, durationsMs: Float64Array, slots: number): Float64Array {
  const bound = makespanBound(graph, durationsMs, slots);
  let priorities = upwardRank(graph, durationsMs);
  let round = roundsFor(graph);
  if (round === 0) return priorities;
  const scheduleBy = (priorities: Float64Array, way: Graph): ListSchedule =>
    listSchedule(way, durationsMs, { processors: slots, schedule: "ready", priorities });
  const backwards = reversed(graph);

  let forward = scheduleBy(priorities, graph);
  let shortestMs = forward.makespanMs;
  for (; round > 0 && shortestMs > bound; round--) {
    const latest = endsOf(scheduleBy(endsOf(forward, durationsMs), backwards), durationsMs);
    forward = scheduleBy(latest, graph);
    if (forward.makespanMs < shortestMs) {
      shortestMs = forward.makespanMs;
      priorities = latest;
    }
  }
  return priorities;
}

function roundsFor(graph: Graph): number {
  return Math.min(MAX_ROUNDS, Math.floor(MAX_STEPS / (graph.size + graph.edges.length + 1)));
}

function endsOf(schedule: ListSchedule, durationsMs: Float64Array): Float64Array {
  return schedule.startMs.map((startMs, i) => startMs + durationsMs[i]!);
}
