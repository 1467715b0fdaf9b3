// The way from a checked request to its plan: the same for a run and for a look at what a run would do.
import { fileURLToPath } from "node:url";
import type { Analysis } from "@sheaf/analyzer";
import { isSheafError, SheafError } from "@sheaf/core";
import type { Durations } from "@sheaf/ledger";
import { applyNeeds } from "../agents/apply-needs.ts";
import { bundleAgents } from "../agents/bundle-agents.ts";
import type { TaskWork } from "../agents/resolve-work.ts";
import { withoutKeys } from "../calls/upstreams.ts";
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
  const { settings, clock, upstreams } = request;
  // No attempt asks anything yet, so no key is good for anything here.
  const env = withoutKeys(process.env, upstreams, "none");
  const bundled = await bundleAgents(request.works, signal);
  try {
    const works = await applyNeeds(bundled, settings, (modules) =>
      inspectAgents(modules, { clock, env, signal }),
    );
    return { ...request, works };
  } catch (error) {
    throw isSheafError(error, "AGENT_MODULE_FAILED") ? ofSource(error, request.works, bundled) : error;
  }
}

// Users know the module that they wrote, not the bundle that was made of it.
function ofSource(
  error: SheafError<"AGENT_MODULE_FAILED">,
  works: readonly TaskWork[],
  bundled: readonly TaskWork[],
): SheafError {
  const { details } = error;
  const at = bundled.findIndex((each) => moduleOf(each) === details.module);
  const module = at < 0 ? details.module : moduleOf(works[at]!)!;
  return new SheafError("AGENT_MODULE_FAILED", { ...details, module }, { cause: error });
}

const moduleOf = ({ work }: TaskWork): string | null =>
  work.kind === "module" ? fileURLToPath(work.module) : null;

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
