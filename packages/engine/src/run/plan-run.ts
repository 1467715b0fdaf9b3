import type { UsageRecord } from "@sheaf/core";
import type { Agent } from "../agents/resolve-work.ts";
import type { RunPlan } from "../plan/make-plan.ts";
import { analyzeRun } from "./analysis.ts";
import { openHistory } from "./history.ts";
import { effectiveLimits, runBounds } from "./limits.ts";
import type { RunInput, RunOptions } from "./options.ts";
import { planRequest, withAgents } from "./prepare-plan.ts";
import { runRequest } from "./run-request.ts";
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

/**
 * Makes the plan of a run without running it: nothing is staged and no task starts. A model is asked as in a run.
 *
 * @throws SheafError as executeWithParallelism does.
 */
export async function planRun(run: RunInput, agentFn?: Agent, options: RunOptions = {}): Promise<PlannedRun> {
  const request = await withAgents(runRequest(run, agentFn, options));
  const { settings, stateDir, signal } = request;
  const { durations, learned } = openHistory(stateDir);
  const analysis = await analyzeRun(request, learned, signal ?? new AbortController().signal);
  const bounds = runBounds(request, effectiveLimits(request));
  const plan = planRequest(request, analysis, { bounds, durations });
  return {
    plan,
    summary: sayPlan(plan, settings, bounds),
    fallbacks: analysis.fallbacks,
    usage: analysis.usage,
    maxWorkers: settings.maxWorkers,
  };
}
