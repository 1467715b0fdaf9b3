import type { RunEvent, TaskId } from "@sheaf/core";
import { runsInTurn } from "../plan/scheduler-plan.ts";
import type { RunRequest } from "./run-request.ts";

/** Returns the tasks whose reads are not known and that start by inferred edges, before their turn, all the same. */
export function trustedTasks(
  { tasks, settings }: Pick<RunRequest, "tasks" | "settings">,
  tracked: readonly boolean[],
): readonly TaskId[] {
  return tasks.flatMap((task, i) => (tracked[i] || runsInTurn(task, tracked[i]!, settings) ? [] : [task.id]));
}

/** Returns those of which the attempt that counts was begun so, in whichever of the sessions with these events. */
export function begunOnTrust(events: readonly RunEvent[]): readonly TaskId[] {
  const begun = new Set<TaskId>();
  let trusted = new Set<TaskId>();
  for (const event of events) {
    if (event.type === "run.planned") trusted = new Set(event.trusted);
    if (event.type !== "attempt.started" && event.type !== "task.reused") continue;
    if (trusted.has(event.taskId)) begun.add(event.taskId);
    else begun.delete(event.taskId);
  }
  return [...begun];
}
