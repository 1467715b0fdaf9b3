import {
  buildGraph,
  dispatchPriorities,
  type Graph,
  listSchedule,
  type Schedule,
  serialOrderOf,
  type TaskId,
} from "@sheaf/core";
import type { TaskSpec } from "sheaf";
import type { Workflow } from "../workflow.ts";

/** Least estimate that a task may have, in ms: for those that take no time. */
const NEXT_TO_NOTHING_MS = 0.001;

/** A workflow whose tasks wait as long as they once took, on a smaller scale. */
export interface TimedWorkflow {
  /** In an order in which each comes after all that it waits for. */
  readonly tasks: readonly (TaskSpec & { readonly input: number })[];
  /** How long each task waits, in whole ms: a timer knows nothing smaller. */
  readonly waitsMs: Float64Array;
  readonly graph: Graph;
}

/**
 * Scales a workflow so that its mean task takes `meanMs`, and puts it in order. Files name their tasks as they like,
 * so here they are numbered.
 */
export function timedWorkflow({ graph, durations }: Workflow, meanMs: number): TimedWorkflow {
  const scale = (meanMs * graph.size) / durations.reduce((sum, duration) => sum + duration, 0);
  const order = serialOrderOf(graph);
  const names = new Map(order.map((id, i) => [id, `task-${i + 1}` as TaskId]));
  const waitsMs = Float64Array.from(order, (id) => Math.round(durations[graph.indexOf(id)!]! * scale));
  const edges = graph.edges.map((edge) => ({
    ...edge,
    from: names.get(edge.from)!,
    to: names.get(edge.to)!,
  }));
  const sorted = buildGraph([...names.values()], edges);
  const { starts, neighbours } = sorted.predecessors;
  const tasks = sorted.ids.map((id, i) => ({
    id,
    dependsOn: Array.from(neighbours.subarray(starts[i]!, starts[i + 1]!), (before) => sorted.ids[before]!),
    estimateMs: Math.max(waitsMs[i]!, NEXT_TO_NOTHING_MS),
    input: waitsMs[i]!,
  }));
  return { tasks, waitsMs, graph: sorted };
}

/** Computes how long the workflow takes if task `i` waits `waitsMs[i]` and nothing else takes time, in ms. */
export function computedMs(
  { graph, tasks }: TimedWorkflow,
  waitsMs: Float64Array,
  { processors, schedule }: { readonly processors: number; readonly schedule: Schedule },
): number {
  const estimates = Float64Array.from(tasks, (task) => task.estimateMs!);
  const priorities = dispatchPriorities(graph, estimates, processors);
  return listSchedule(graph, waitsMs, { processors, schedule, priorities }).makespanMs;
}
