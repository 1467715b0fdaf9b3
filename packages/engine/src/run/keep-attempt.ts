import { taskDefinition } from "./task-definition.ts";
import type { AttemptRecord, World } from "./world.ts";

/** Keeps an attempt for a session that may go on with this run; without it the task is done once more there. */
export async function keepAttempt(world: World, task: number, record: AttemptRecord): Promise<void> {
  const { kept, tasks, works, workdir, clock } = world;
  const { status, output, effects, attempt, taken, resources } = record;
  if (kept === null || status !== "succeeded" || output === null) return;
  if (effects !== null && effects.uncertain.length > 0) return; // it runs again in any case
  const { id: taskId } = tasks[task]!;
  const definition = taskDefinition(tasks[task]!, works[task]!);
  try {
    const files = effects === null || workdir === null ? null : await workdir.keep(effects);
    const keptAt = clock.now();
    kept.keep({ taskId, definition, attempt, taken, effects: files, resources, keptAt }, output);
  } catch {
    // A full disk, most likely: what matters is said by whoever needs it.
  }
}
