import { type Edge, isSheafError, SheafError, type TaskId, type UsageRecord } from "@sheaf/core";
import type { Agent } from "../agents/resolve-work.ts";
import type { RunPlan } from "../plan/make-plan.ts";
import { analyzeRun } from "./analysis.ts";
import { openHistory } from "./history.ts";
import { effectiveLimits, runBounds } from "./limits.ts";
import type { RunInput, RunOptions } from "./options.ts";
import { planRequest, withAgents } from "./prepare-plan.ts";
import { reordered } from "./reordered.ts";
import { type RunRequest, runRequest } from "./run-request.ts";
import { sayPlan } from "./say-plan.ts";
import { withTracker } from "./with-tracker.ts";
import { type Asking, weighing } from "./worth-asking.ts";

/** A plan without its run. */
export interface PlannedRun {
  readonly plan: RunPlan;
  /** What the plan promises, in a sentence or two. */
  readonly summary: string;
  /** What was fallen back from, for example from a model that could not be asked. */
  readonly fallbacks: readonly { readonly part: string; readonly reason: string }[];
  /** What a model was asked, and what that could be worth; null where none was. */
  readonly asking: Asking | null;
  /** Tasks that no model had to be asked about, by answers that were kept. */
  readonly cached: number;
  /** What the analysis cost. */
  readonly usage: readonly UsageRecord[];
  readonly maxWorkers: number;
  /** What no correction takes back: declared edges, and outputs that a task takes. */
  readonly certain: readonly Edge[];
  /** Tasks around which list order is kept, as nothing is known of them. */
  readonly inPlace: readonly TaskId[];
  /** Folder in which corrections are kept; null without a directory. */
  readonly stateDir: string | null;
}

export type PlanOptions = RunOptions & {
  /** Called before a model is asked, with what is at stake. */
  readonly onAsking?: (asking: Asking) => void;
};

/**
 * Makes the plan of a run without running it: nothing is staged and no task starts. A model is asked as in a run.
 *
 * @throws SheafError as executeWithParallelism does.
 */
export async function planRun(
  run: RunInput,
  agentFn?: Agent,
  options: PlanOptions = {},
): Promise<PlannedRun> {
  const { onAsking, runOptions } = splitOptions(options);
  const { request: asked, fallbacks } = await askAgents(runRequest(run, agentFn, runOptions));
  const { request, missing } = await withTracker(asked);
  const untracked = missing === null ? [] : [{ part: "tracking", reason: missing }];
  const { settings, stateDir, signal, prices, clock } = request;
  const { durations, learned } = openHistory(stateDir);
  const limits = effectiveLimits(request);
  const bounds = runBounds(request, limits);
  let asking: Asking | null = null;
  const objection = weighing(
    settings,
    (edges) => planRequest(request, { edges, warnings: [] }, { bounds, durations }),
    (told) => {
      asking = told;
      onAsking(told);
    },
  );
  const analysis = await analyzeRun(request, learned, {
    objection,
    ...(signal === undefined ? {} : { signal }),
  });
  const ordered = reordered(request, analysis.tasks, request.order);
  const orderedBounds = runBounds(ordered, limits);
  const plan = planRequest(ordered, analysis, { bounds: orderedBounds, durations });
  return {
    plan,
    summary: sayPlan(plan, settings, orderedBounds),
    fallbacks: [...fallbacks, ...untracked, ...analysis.fallbacks],
    ...{ asking, cached: analysis.cached },
    usage: analysis.usage.map((usage) => prices.priced(usage, clock.now())),
    maxWorkers: settings.maxWorkers,
    ...{ certain: analysis.certain, inPlace: analysis.inPlace, stateDir },
  };
}

function splitOptions(options: PlanOptions) {
  // What is no object at all is refused as the options of a run are.
  const { onAsking = () => {}, ...others } = options ?? {};
  if (typeof onAsking === "function") return { onAsking, runOptions: options === null ? options : others };
  throw new SheafError("OPTION_INVALID", { option: "onAsking", expected: "a function", got: onAsking });
}

// A plan can be looked at before its agents are there.
async function askAgents(
  request: RunRequest,
): Promise<Pick<PlannedRun, "fallbacks"> & { request: RunRequest }> {
  try {
    return { request: await withAgents(request), fallbacks: [] };
  } catch (error) {
    if (!isSheafError(error, "AGENT_MODULE_FAILED")) throw error;
    const reason = `What agents need is not known, so the bound on the speed-up may be wrong: ${error.message}`;
    return { request, fallbacks: [{ part: "agents", reason }] };
  }
}
