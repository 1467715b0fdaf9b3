// Finished attempts of earlier sessions in the place of new ones.
import type { Effects } from "@sheaf/workdir";
import type { FoundExecution } from "./execution-store.ts";
import { taskDefinition } from "./task-definition.ts";
import type { AttemptRecord, World } from "./world.ts";

/**
 * Returns an attempt of an earlier session that would come out the same now, or null: the task is asked to do the
 * same, it took the same inputs, and what it read is the same in what it would be shown.
 *
 * @param below effects of finished tasks before it that are not settled yet, in serial order
 */
export async function findReusable(
  world: World,
  task: number,
  below: readonly Effects[],
): Promise<AttemptRecord | null> {
  const { id } = world.tasks[task]!;
  const definition = taskDefinition(world.tasks[task]!, world.works[task]!);
  for (const execution of [...(world.reusable.get(id) ?? [])].reverse()) {
    if (execution.definition !== definition || !sameInputs(world, execution)) continue;
    const effects = await effectsOf(world, execution, below);
    if (effects !== "changed") return recordOfExecution(execution, effects);
  }
  return null;
}

const sameInputs = (world: World, { taken }: FoundExecution): boolean =>
  taken.every(({ from, hash }) => world.outputs.hash(from) === hash);

async function effectsOf(
  { workdir }: World,
  { taskId, effects }: FoundExecution,
  below: readonly Effects[],
): Promise<Effects | null | "changed"> {
  if (workdir === null || effects === null) return workdir === null && effects === null ? null : "changed";
  return (await workdir.reuse(effects, { taskId, below })) ?? "changed";
}

/** Returns the record of an attempt that succeeded in an earlier session. */
export function recordOfExecution(
  { attempt, output, taken, resources }: Omit<FoundExecution, "taskId" | "definition" | "effects">,
  effects: Effects | null,
): AttemptRecord {
  return {
    ...{ attempt, status: "succeeded", outOfMemory: false, output, failure: null, because: null },
    ...{ together: false, retryable: false, taken, effects, quiet: true, resources, reused: true },
  };
}
