import {
  buildGraph,
  criticalPath,
  dispatchPriorities,
  type Edge,
  type Graph,
  levels,
  levelsOf,
  type Task,
  type TaskId,
} from "@sheaf/core";
import { type RunBounds, runBoundMs } from "./run-bound.ts";

/** Where the expected duration of a task comes from; an unknown one is taken to be the mean of the others. */
type DurationSource = "measured" | "declared" | "unknown";

/** What will be run, decided before the first task starts. */
export interface RunPlan {
  /** Tasks in serial order. */
  readonly order: readonly TaskId[];
  readonly graph: Graph;
  /** Groups of tasks that do not wait for each other, in order. */
  readonly levels: readonly (readonly TaskId[])[];
  /** Most tasks in one level. */
  readonly width: number;
  readonly criticalPath: readonly TaskId[];
  readonly criticalPathMs: number;
  /** Sum of all expected durations, in ms. */
  readonly workMs: number;
  /** Speed-up over one after another that no schedule with these workers can beat, by the expected durations. */
  readonly speedupBound: number;
  /** Expected duration of each task in serial order, in ms; 1 where nothing is known. */
  readonly durationsMs: Float64Array;
  /** All durations were measured or declared. */
  readonly durationsKnown: boolean;
  /** Where each of them comes from. */
  readonly durationSources: readonly DurationSource[];
  /** Where the durations come from, for people. */
  readonly durationsFrom: string;
  /** Higher starts first, in serial order. */
  readonly priorities: Float64Array;
  readonly warnings: readonly string[];
}

export interface PlanRequest {
  readonly tasks: readonly Task[];
  readonly edges: readonly Edge[];
  readonly bounds: RunBounds;
  /** Measured duration of a task in ms, or null. */
  readonly measured: (task: Task) => number | null;
  readonly warnings: readonly string[];
}

interface Durations {
  readonly ms: Float64Array;
  readonly sources: readonly DurationSource[];
  readonly known: boolean;
  readonly from: string;
}

// Where some durations are known, an unknown one is taken to be their mean: a 1 among minutes would always come last.
function expectDurations(tasks: readonly Task[], measured: PlanRequest["measured"]): Durations {
  const counts = { measured: 0, declared: 0, unknown: 0 };
  const sources: DurationSource[] = [];
  const known = tasks.map((task) => {
    const ms = measured(task);
    const source = ms !== null ? "measured" : task.estimateMs !== undefined ? "declared" : "unknown";
    counts[source] += 1;
    sources.push(source);
    return ms ?? task.estimateMs ?? null;
  });
  const values = known.filter((ms) => ms !== null);
  const mean = values.length === 0 ? 1 : values.reduce((sum, ms) => sum + ms, 0) / values.length;
  const parts = Object.entries(counts).flatMap(([from, count]) => (count === 0 ? [] : [`${count} ${from}`]));
  return {
    ms: Float64Array.from(known, (ms) => ms ?? mean),
    sources,
    known: counts.unknown === 0,
    from: parts.join(", "),
  };
}

/** How many tasks can run at once, when one limit holds for all of them. */
function slotsOf({ maxWorkers, shared }: RunBounds, count: number): number {
  return Math.min(
    maxWorkers,
    ...shared.flatMap(({ limit, tasks }) => (tasks.length === count ? [limit] : [])),
  );
}

/** Keeps the edges that go forward in serial order; one against it could never be waited for. */
function forward(edges: readonly Edge[], tasks: readonly Task[]): readonly Edge[] {
  const position = new Map(tasks.map((task, i) => [task.id, i]));
  return edges.filter((edge) => position.get(edge.from)! < position.get(edge.to)!);
}

/** Makes the plan of a run from its tasks and edges. Pure. */
export function makePlan(request: PlanRequest): RunPlan {
  const { tasks, bounds } = request;
  const order = tasks.map((task) => task.id);
  const graph = buildGraph(order, forward(request.edges, tasks));
  const durations = expectDurations(tasks, request.measured);
  const { tasks: path, lengthMs } = criticalPath(graph, durations.ms);
  const groups = levels(graph);
  const workMs = durations.ms.reduce((sum, ms) => sum + ms, 0);
  const boundMs = runBoundMs(graph, durations.ms, bounds);
  return {
    order,
    graph,
    levels: groups,
    width: groups.reduce((most, group) => Math.max(most, group.length), 0),
    criticalPath: path,
    criticalPathMs: lengthMs,
    workMs,
    speedupBound: boundMs === 0 ? 1 : workMs / boundMs,
    durationsMs: durations.ms,
    durationSources: durations.sources,
    durationsKnown: durations.known,
    durationsFrom: durations.from,
    priorities: dispatchPriorities(graph, durations.ms, slotsOf(bounds, tasks.length)),
    warnings: request.warnings,
  };
}

/** Level of each task for the barrier schedule. */
export const planLevels = (plan: RunPlan): Uint32Array => levelsOf(plan.graph);
