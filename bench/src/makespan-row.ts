import { basename } from "node:path";
import { dispatchPriorities, listSchedule, makespanBound, type Schedule } from "@sheaf/core";
import type { LoadedWorkflow } from "./load-workflows.ts";
import { type Estimates, withNoise } from "./noise.ts";
import type { Optima } from "./optimum.ts";

/** Makespans of one file on so many processors, in the unit of the file's durations. */
export interface MakespanRow {
  readonly file: string;
  readonly processors: number;
  /** Longest path, or work shared out evenly: no schedule is shorter. */
  readonly bound: number;
  /** Shortest possible, where it is known. */
  readonly optimum: number | null;
  /** With a barrier after each level. */
  readonly levels: number;
  /** Each task as soon as what it waits for has ended. */
  readonly ready: number;
}

/**
 * Computes the makespans of a workflow under both kinds of dispatch, by the priorities that the engine uses. They
 * come from the estimates; the tasks take their true time.
 */
export function makespanRow(
  workflow: LoadedWorkflow,
  processors: number,
  { optima, estimates }: { readonly optima: Optima; readonly estimates: Estimates },
): MakespanRow {
  const { file, graph, durations } = workflow;
  const estimated = withNoise(durations, estimates, basename(file));
  const priorities = dispatchPriorities(graph, estimated, processors);
  const makespan = (schedule: Schedule): number =>
    listSchedule(graph, durations, { processors, schedule, priorities }).makespanMs;
  return {
    file,
    processors,
    bound: makespanBound(graph, durations, processors),
    optimum: optima.find(file, processors),
    levels: makespan("levels"),
    ready: makespan("ready"),
  };
}
