// What tests of whole runs have in common.
import { FakeClock, type ScriptedAgent, scriptedAgent } from "@sheaf/testkit";
import { executeWithParallelism, type RunHandle, type RunOptions, type RunReport } from "./index.ts";

/** Whatever the environment holds, and with the scheduler's state checked after every event. */
export const OPTIONS: RunOptions = { env: {}, validate: true };

export const outcomes = (report: RunReport): Record<string, string> =>
  Object.fromEntries(Object.values(report.tasks).map(({ id, outcome }) => [id, outcome]));

/** Lets everything that can happen without the clock happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

interface ScriptedRun {
  readonly agent: ScriptedAgent;
  readonly clock: FakeClock;
  readonly run: RunHandle;
}

/** Starts a run whose agent and clock do what the test says. */
export function scripted(
  tasks: Parameters<typeof executeWithParallelism>[0],
  options: RunOptions = {},
): ScriptedRun {
  const agent = scriptedAgent();
  const clock = new FakeClock();
  const run = executeWithParallelism(tasks, agent.run, { ...OPTIONS, clock, ...options });
  return { agent, clock, run };
}
