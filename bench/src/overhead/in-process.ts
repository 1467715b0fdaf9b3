// What Sheaf itself takes when tasks do nothing and no worker is involved.
import { executeWithParallelism, planRun, type RunOptions, type TaskSpec } from "sheaf";
import { independentList, layeredList } from "./lists.ts";
import { type OverheadContest, overheadContest, type PerTask, perTask } from "./overhead-contest.ts";
import { plainLevels, plainQueue } from "./plain-queue.ts";

/** Names by which their figures are found. */
export const INDEPENDENT = { few: "Sheaf, 10,000 tasks", many: "Sheaf, 100,000 tasks" } as const;

const nothing = (): void => {};

function sheaf(name: string, tasks: readonly TaskSpec[], options: RunOptions): PerTask {
  return perTask(name, tasks.length, () => run(tasks, options));
}

async function run(tasks: readonly TaskSpec[], options: RunOptions): Promise<void> {
  (await executeWithParallelism(tasks, nothing, { useLlmDeps: false, env: {}, ...options })).unwrap();
}

/** The plan of 10,000 tasks with 29,700 edges. */
export function planning(seed: number): OverheadContest {
  const tasks = layeredList({ layers: 100, width: 100, before: 3, seed });
  return overheadContest("plan of 10,000 layered tasks, 29,700 edges", [
    perTask("levels by Kahn, Maps", tasks.length, async () => plainLevels(tasks)),
    perTask("Sheaf, planRun", tasks.length, () => planRun(tasks, nothing, { useLlmDeps: false, env: {} })),
  ]);
}

/** A run of the same list. */
export function layered(seed: number): OverheadContest {
  const tasks = layeredList({ layers: 100, width: 100, before: 3, seed });
  return overheadContest("run of 10,000 layered tasks, 29,700 edges", [
    perTask("Kahn's queue, promises, p-limit 16", tasks.length, () => plainQueue(tasks, nothing, 16)),
    sheaf("Sheaf, 2 at once", tasks, { maxWorkers: 2 }),
    sheaf("Sheaf, 16 at once", tasks, { maxWorkers: 16 }),
  ]);
}

/** Runs of independent tasks: the price of a task must not grow with their number. */
export function independent(): OverheadContest {
  const few = independentList(10_000);
  const many = independentList(100_000);
  return overheadContest("run of independent tasks, 16 at once", [
    perTask("Kahn's queue, promises, p-limit 16", few.length, () => plainQueue(few, nothing, 16)),
    sheaf(INDEPENDENT.few, few, { maxWorkers: 16 }),
    sheaf(INDEPENDENT.many, many, { maxWorkers: 16 }),
  ]);
}
