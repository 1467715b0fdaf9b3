import { join } from "node:path";
import type { UsageRecord } from "@sheaf/core";
import { openDurations } from "@sheaf/ledger";
import type { Agent } from "../agents/resolve-work.ts";
import { makePlan, type RunPlan } from "../plan/make-plan.ts";
import { runsInTurn } from "../plan/scheduler-plan.ts";
import { analyzeRun } from "./analysis.ts";
import type { RunInput, RunOptions } from "./options.ts";
import { type RunRequest, runRequest } from "./run-request.ts";
import { sayPlan } from "./say-plan.ts";

/** A plan without its run. */
export interface PlannedRun {
  readonly plan: RunPlan;
  /** What the plan promises, in a sentence or two. */
  readonly summary: string;
  /** What was fallen back from, for example from a model that could not be asked. */
  readonly fallbacks: readonly { readonly part: string; readonly reason: string }[];
  /** What the analysis cost. */
  readonly usage: readonly UsageRecord[];
  readonly maxWorkers: number;
}

/** Tells for each task whether everything that it reads is known. */
export function trackedTasks(request: RunRequest): readonly boolean[] {
  const { tasks, works, dir } = request;
  return tasks.map(
    (task, i) => dir === null || works[i]!.work.kind === "closure" || task.reads !== undefined,
  );
}

/** Returns all that the tasks of a run will be shown, or everything where one declares no reads. */
export function shownToTasks(request: RunRequest): readonly string[] | "everything" {
  if (trackedTasks(request).includes(false)) return "everything";
  return request.tasks.flatMap((task) => [...(task.reads ?? []), ...(task.writes ?? [])]);
}

/**
 * Makes the plan of a run without running it: nothing is staged and no task starts. A model is asked as in a run.
 *
 * @throws SheafError as executeWithParallelism does.
 */
export async function planRun(run: RunInput, agentFn?: Agent, options: RunOptions = {}): Promise<PlannedRun> {
  const request = runRequest(run, agentFn, options);
  const { tasks, works, settings, stateDir, signal } = request;
  const analysis = await analyzeRun(request, signal ?? new AbortController().signal);
  const durations = openDurations(stateDir === null ? null : join(stateDir, "durations.json"));
  const agentOf = new Map(tasks.map((task, i) => [task.id, works[i]!.agentName]));
  const plan = makePlan({
    ...{ tasks, edges: analysis.edges, settings, warnings: analysis.warnings },
    measured: (task) => durations.estimateMs({ taskId: task.id, agent: agentOf.get(task.id)! }),
  });
  const tracked = trackedTasks(request);
  const inTurn = tasks.filter((task, i) => runsInTurn(task, tracked[i]!, settings)).length;
  return {
    plan,
    summary: sayPlan(plan, settings, inTurn),
    fallbacks: analysis.fallbacks,
    usage: analysis.usage,
    maxWorkers: settings.maxWorkers,
  };
}
