import type { Task } from "@sheaf/core";
import type { TaskWork } from "../agents/resolve-work.ts";
import type { Settings } from "../config/settings.ts";
import type { SchedulerPlan } from "../scheduler/state.ts";
import { referencedTasks } from "../tasks/reference-problems.ts";
import { planLevels, type RunPlan } from "./make-plan.ts";

/** Name of the limit on processor-bound threads and processes. */
export const CPU_TAG = "cpu";
/** Tasks that count against this limit wait for a model, not for a processor. */
const MODEL_TAG = "llm";

/** Tags of a task: its own, and its agent's. */
export const ownTags = (task: Task, { needs }: TaskWork): readonly string[] => [
  ...new Set([...(task.resources?.tags ?? []), ...(needs.tags ?? [])]),
];

/** Tags of a task, and the processor's for work that leaves this thread. */
export function taskTags(task: Task, work: TaskWork): readonly string[] {
  const tags = new Set(ownTags(task, work));
  if (work.executor !== "inline" && !tags.has(MODEL_TAG)) tags.add(CPU_TAG);
  return [...tags];
}

/** While many tasks conflict, so many for each worker may start ahead of the turn. */
const LOOKAHEAD = 1.25;

interface Request {
  readonly plan: RunPlan;
  readonly tasks: readonly Task[];
  readonly works: readonly TaskWork[];
  readonly settings: Settings;
  /** True where all that the task reads is known. */
  readonly tracked: readonly boolean[];
  /** Tasks of which the inferred predecessors are not known yet. */
  readonly held: ReadonlySet<number>;
  /** Limits by tag, the processor's included. */
  readonly limits: Readonly<Record<string, number>>;
}

/** Tells whether a task may start only when all before it are settled. */
export function runsInTurn(task: Task, tracked: boolean, settings: Settings): boolean {
  if (settings.mode === "sequential") return true;
  if ((task.effects?.length ?? 0) > 0) return true;
  if (task.writes?.some((glob) => glob.split("/").includes(".git"))) return true;
  return !tracked && settings.consistency === "serial";
}

/** Returns the plan in the form in which the scheduler takes it. */
export function schedulerPlan(request: Request): SchedulerPlan {
  const { plan, tasks, works, settings } = request;
  const { graph } = plan;
  // An output that a task names in its text is as good as declared: without it the task cannot be what it says.
  const named = tasks.map((task) => new Set(referencedTasks(task)));
  const isHard = graph.edges.map(
    (edge) => edge.source === "declared" || named[graph.indexOf(edge.to)!]!.has(edge.from),
  );
  const start = new Uint32Array(graph.size + 1);
  const node: number[] = [];
  const hard: number[] = [];
  for (let i = 0; i < graph.size; i++) {
    for (let k = graph.successors.starts[i]!; k < graph.successors.starts[i + 1]!; k++) {
      node.push(graph.successors.neighbours[k]!);
      hard.push(Number(isHard[graph.successors.edges[k]!]!));
    }
    start[i + 1] = node.length;
  }
  const tagNames = Object.keys(request.limits);
  const each = <T>(of: (task: Task, i: number) => T): T[] => tasks.map(of);
  const inTurn = each((task, i) => runsInTurn(task, request.tracked[i]!, settings));
  return {
    size: graph.size,
    start,
    node: Uint32Array.from(node),
    hard: Uint8Array.from(hard),
    speculates: settings.mode === "parallel",
    // What waits for its turn in any case waits for nothing else.
    held: Uint8Array.from(inTurn, (waits, i) => Number(!waits && request.held.has(i))),
    priority: plan.priorities,
    level: settings.schedule === "levels" ? planLevels(plan) : null,
    inTurn: Uint8Array.from(inTurn, Number),
    once: Uint8Array.from(
      each((task) => Number((task.effects?.length ?? 0) > 0 && task.idempotent !== true)),
    ),
    retries: Uint16Array.from(each((task) => task.retries ?? 0)),
    tags: each((task, i) =>
      taskTags(task, works[i]!).flatMap((tag) => (tagNames.includes(tag) ? [tagNames.indexOf(tag)] : [])),
    ),
    tagLimits: tagNames.map((name) => request.limits[name]!),
    memoryMiB: Float64Array.from(
      each((task, i) => task.resources?.memoryMiB ?? works[i]!.needs.memoryMiB ?? Number.NaN),
    ),
    onFailure: settings.onFailure,
    maxRestarts: settings.maxRestarts,
    lookahead: Math.ceil(LOOKAHEAD * settings.maxWorkers),
  };
}
