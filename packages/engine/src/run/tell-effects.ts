import { nameSome } from "@sheaf/core";
import type { Effects } from "@sheaf/workdir";
import type { World } from "./world.ts";

/** Tells what somebody should know of how the view of an attempt ended. */
export function tellEffects({ emit }: Pick<World, "emit">, effects: Effects): void {
  const { taskId, heldBy, undeclaredReads } = effects;
  if (heldBy.length > 0) {
    const reason = `The view of "${taskId}" stays mounted until the run ends, because it is in use: ${heldBy.join(", ")}. What the task wrote was copied.`;
    emit({ type: "run.fallback", part: "staging", reason });
  }
  // The task was not shown these, so they cannot have reached its result; its author will want to know.
  if (undeclaredReads.length > 0) {
    const reason = `Task "${taskId}" looked for what it does not declare in \`reads\` and so was not shown: ${nameSome(undeclaredReads)}.`;
    emit({ type: "run.fallback", part: "reads", reason });
  }
}
