import { SheafError } from "@sheaf/core";
import { loading } from "./agents/load-agent.ts";
import type { Agent } from "./agents/resolve-work.ts";
import type { RunInput, RunOptions } from "./run/options.ts";
import { type RunHandle, startRun } from "./run/run-handle.ts";
import { runRequest } from "./run/run-request.ts";

/**
 * Runs a list of tasks in parallel and leaves what running it in order leaves: the same files, the same outputs.
 *
 * A task that fails does not reject the run: the report says what became of each task. The caller's own mistakes
 * (a cycle, an unknown id, a bad option or variable) throw at once.
 *
 * @param run Tasks with the directory that they work on, tasks alone, or a planner's answer.
 * @param agentFn Does every task that names no agent and is no command.
 * @throws SheafError
 * @example
 * const report = await executeWithParallelism(
 *   [{ id: "a" }, { id: "b", dependsOn: ["a"] }],
 *   (task, ctx) => (task.id === "a" ? 20 : Number(ctx.inputs.a) + 1),
 * );
 * report.unwrap().b // 21
 */
export function executeWithParallelism(run: RunInput, agentFn?: Agent, options: RunOptions = {}): RunHandle {
  if (loading.depth > 0) {
    throw new SheafError("AGENT_MODULE_FAILED", {
      module: "The module",
      problem: "it starts a run while it is imported as an agent's. Put the agent into a module of its own.",
    });
  }
  return startRun(runRequest(run, agentFn, options));
}
