// The seam for tests of the whole engine; no part of what users install.
import type { Agent } from "./agents/resolve-work.ts";
import type { Executors } from "./executor/executors.ts";
import type { RunInput, RunOptions } from "./run/options.ts";
import { type RunHandle, startRun } from "./run/run-handle.ts";
import { type RunRequest, runRequest } from "./run/run-request.ts";

export { noAnalysis } from "./run/analysis.ts";

export interface ExecuteOnRequest {
  readonly run: RunInput;
  readonly agent: Agent;
  readonly options: RunOptions;
}

/** Does what `executeWithParallelism` does, with edges from this analysis. */
export function executeBy(
  analyze: RunRequest["analyze"],
  { run, agent, options }: ExecuteOnRequest,
): RunHandle {
  return startRun({ ...runRequest(run, agent, options), analyze });
}

/** Does what `executeWithParallelism` does, on these executors. The run disposes of them. */
export function executeOn(executors: Executors, { run, agent, options }: ExecuteOnRequest): RunHandle {
  return startRun({ ...runRequest(run, agent, options), makeExecutors: () => executors });
}
