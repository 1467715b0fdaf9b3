import { SheafError } from "../errors.ts";
import type { Schedule } from "../run-event.ts";
import { indices } from "./adjacency.ts";
import { assertDurations } from "./durations.ts";
import { assertAcyclic } from "./find-cycle.ts";
import type { Graph } from "./graph.ts";
import { indexHeap } from "./index-heap.ts";
import { levelsOf } from "./levels.ts";
import { predecessorCounts } from "./peel.ts";
import { upwardRank } from "./upward-rank.ts";

/** How the tasks of a graph are dispatched. */
export interface ListScheduleOptions {
  /** Tasks that may run at once, an integer >= 1. */
  readonly processors: number;
  /** "ready": a task may start once all before it have ended. "levels": once the whole level before it has. */
  readonly schedule: Schedule;
  /** By task; of the tasks that may start, the one with the highest goes first, then the earliest in the list. */
  readonly priorities: Float64Array;
}

export interface ListSchedule {
  /** When the last task ends. */
  readonly makespanMs: number;
  /** When each task starts. */
  readonly startMs: Float64Array;
}

/**
 * Computes when each task starts if no processor is idle while a task may start (list scheduling, Graham 1966).
 * A task without duration takes no processor: it starts and ends as soon as it may.
 *
 * More processors or fewer edges can make the makespan longer (Graham's anomalies).
 *
 * @throws SheafError GRAPH_CYCLE, OPTION_INVALID
 */
export function listSchedule(
  graph: Graph,
  durationsMs: Float64Array,
  options: ListScheduleOptions,
): ListSchedule {
  assertDurations(graph, durationsMs);
  assertProcessors(options.processors);
  if (options.priorities.length !== graph.size) {
    const expected = `one number for each of the ${graph.size} tasks`;
    throw new SheafError("OPTION_INVALID", {
      option: "priorities",
      expected,
      got: options.priorities.length,
    });
  }
  assertAcyclic(graph);
  const machine = startMachine(durationsMs, options);
  if (options.schedule === "levels") runLevels(graph, machine);
  else runReady(graph, machine);
  return { makespanMs: machine.nowMs(), startMs: machine.startMs };
}

/**
 * Returns a time that no schedule of the graph can beat: its longest path, or its work shared out evenly.
 *
 * @throws SheafError GRAPH_CYCLE, OPTION_INVALID
 */
export function makespanBound(graph: Graph, durationsMs: Float64Array, processors: number): number {
  assertProcessors(processors);
  const longest = upwardRank(graph, durationsMs).reduce((most, rank) => Math.max(most, rank), 0);
  const work = durationsMs.reduce((sum, ms) => sum + ms, 0);
  return Math.max(longest, work / processors);
}

function assertProcessors(processors: number): void {
  if (Number.isInteger(processors) && processors >= 1) return;
  throw new SheafError("OPTION_INVALID", {
    option: "processors",
    expected: "an integer >= 1",
    got: processors,
  });
}

/** Identical processors and their clock. */
interface Machine {
  readonly startMs: Float64Array;
  nowMs(): number;
  /** Runs tasks until none is left; `whenEnded` is told of each that ends and may let further ones arrive. */
  run(arrivals: Iterable<number>, whenEnded: (i: number, arrive: (i: number) => void) => void): void;
}

function startMachine(durationsMs: Float64Array, { processors, priorities }: ListScheduleOptions): Machine {
  const startMs = new Float64Array(durationsMs.length);
  const endMs = new Float64Array(durationsMs.length);
  const ready = indexHeap(priorities.map((priority) => -priority));
  const running = indexHeap(endMs);
  const ended: number[] = [];
  let nowMs = 0;

  const arrive = (i: number): void => {
    if (durationsMs[i]! > 0) {
      ready.push(i);
    } else {
      startMs[i] = nowMs;
      ended.push(i);
    }
  };
  const fillProcessors = (): void => {
    while (running.size < processors && ready.size > 0) {
      const i = ready.pop()!;
      startMs[i] = nowMs;
      endMs[i] = nowMs + durationsMs[i]!;
      running.push(i);
    }
  };
  const advance = (): void => {
    nowMs = endMs[running.peek()!]!;
    while (running.size > 0 && endMs[running.peek()!] === nowMs) ended.push(running.pop()!);
  };

  return {
    startMs,
    nowMs: () => nowMs,
    run(arrivals, whenEnded) {
      for (const i of arrivals) arrive(i);
      for (;;) {
        for (let i = ended.pop(); i !== undefined; i = ended.pop()) whenEnded(i, arrive);
        fillProcessors();
        if (running.size === 0) return;
        advance();
      }
    },
  };
}

function runReady(graph: Graph, machine: Machine): void {
  const { starts, neighbours } = graph.successors;
  const waitsFor = predecessorCounts(graph);
  const first = indices(graph.size).filter((i) => waitsFor[i] === 0);
  machine.run(first, (i, arrive) => {
    for (let k = starts[i]!; k < starts[i + 1]!; k++) {
      const after = neighbours[k]!;
      waitsFor[after]! -= 1;
      if (waitsFor[after] === 0) arrive(after);
    }
  });
}

function runLevels(graph: Graph, machine: Machine): void {
  const groups: number[][] = [];
  levelsOf(graph).forEach((level, i) => {
    while (groups.length <= level) groups.push([]);
    groups[level]!.push(i);
  });
  for (const group of groups) machine.run(group, () => {});
}
