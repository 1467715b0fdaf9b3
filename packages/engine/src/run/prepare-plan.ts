// The way from a checked request to its plan: the same for a run and for a look at what a run would do.
import type { Analysis } from "@sheaf/analyzer";
import type { Durations } from "@sheaf/ledger";
import { applyNeeds } from "../agents/apply-needs.ts";
import { bundleAgents } from "../agents/bundle-agents.ts";
import { inspectAgents } from "../executor/inspect-agents.ts";
import { makePlan, type RunPlan } from "../plan/make-plan.ts";
import type { RunBounds } from "../plan/run-bound.ts";
import type { RunRequest } from "./run-request.ts";

/**
 * Returns the request with agents that workers can import, and with what these agents need.
 *
 * @throws SheafError AGENT_MODULE_FAILED, or the reason of the signal
 */
export async function withAgents(request: RunRequest, signal?: AbortSignal): Promise<RunRequest> {
  const { settings, clock } = request;
  const bundled = await bundleAgents(request.works, signal);
  const works = await applyNeeds(bundled, settings, (modules) => inspectAgents(modules, clock, signal));
  return { ...request, works };
}

/** Makes the plan from what the analysis found. */
export function planRequest(
  request: RunRequest,
  analysis: Pick<Analysis, "edges" | "warnings">,
  { bounds, durations }: { readonly bounds: RunBounds; readonly durations: Durations },
): RunPlan {
  const { tasks, works } = request;
  const agentOf = new Map(tasks.map((task, i) => [task.id, works[i]!.agentName]));
  return makePlan({
    ...{ tasks, edges: analysis.edges, bounds, warnings: analysis.warnings },
    measured: (task) => durations.estimateMs({ taskId: task.id, agent: agentOf.get(task.id)! }),
  });
}
