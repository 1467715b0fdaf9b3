import type { World } from "./world.ts";

/**
 * Has the start of an attempt outlive this process, or the machine where that is asked for, before the task can do
 * anything that is not taken back. Of other tasks a start that nobody knows of is as good as none.
 */
export async function keepStart({ tasks, settings, journal }: World, task: number): Promise<void> {
  if ((tasks[task]!.effects ?? []).length === 0) return;
  if (settings.durability === "power") await journal.sync();
  else journal.flush();
}
