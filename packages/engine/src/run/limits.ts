import type { EffectiveLimits } from "@sheaf/core";
import type { RunBounds } from "../plan/run-bound.ts";
import { CPU_TAG, runsInTurn, taskTags } from "../plan/scheduler-plan.ts";
import { availableMiB, cpus, cpuWorkers, SAFE_PART } from "../resources/machine.ts";
import type { RunRequest } from "./run-request.ts";
import { trackedTasks } from "./tracked-tasks.ts";

/** Returns what a run may use here at most. */
export function effectiveLimits(request: RunRequest): EffectiveLimits {
  const { settings, maxWorkersGiven } = request;
  const { maxWorkers } = settings;
  const machine = { cpus: cpus(), availableMiB: availableMiB(), maxWorkers };
  // Whoever names a number of workers means it.
  const workers = maxWorkersGiven ? maxWorkers : cpuWorkers(machine);
  return {
    maxWorkers,
    cpuWorkers: workers,
    memoryBudgetMiB: Math.floor(SAFE_PART * machine.availableMiB),
    tags: { [CPU_TAG]: workers, ...settings.tags },
  };
}

/** Returns what bounds the speed of a run. */
export function runBounds(request: RunRequest, limits: EffectiveLimits): RunBounds {
  const { tasks, works, settings } = request;
  const tracked = trackedTasks(request);
  const tags = tasks.map((task, i) => taskTags(task, works[i]!));
  const all = tasks.map((_, i) => i);
  return {
    maxWorkers: limits.maxWorkers,
    shared: Object.entries(limits.tags).map(([tag, limit]) => ({
      tag,
      limit,
      tasks: all.filter((i) => tags[i]!.includes(tag)),
    })),
    inTurn: all.filter((i) => runsInTurn(tasks[i]!, tracked[i]!, settings)),
  };
}
