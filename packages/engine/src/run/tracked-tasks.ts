import type { Task } from "@sheaf/core";
import type { TaskWork } from "../agents/resolve-work.ts";
import type { RunRequest } from "./run-request.ts";

/** Tells for each task whether everything that it reads is known. */
export function trackedTasks(request: RunRequest): readonly boolean[] {
  const { tasks, works, dir } = request;
  return tasks.map((task, i) => dir === null || showsReads(task, works[i]!) || isWatched(request, works[i]!));
}

/** What such a task is shown is all that it can read. */
const showsReads = (task: Task, { work }: TaskWork): boolean =>
  work.kind === "closure" || task.reads !== undefined;

/** Tells whether what the task looks at is observed. Should some of it remain unseen, all that it was shown counts. */
export function isWatched(
  { settings, shim }: Pick<RunRequest, "settings" | "shim">,
  { work, executor }: TaskWork,
): boolean {
  if (work.kind === "command") return shim !== null;
  return settings.tracking && executor !== "inline";
}

/** Returns all that the tasks of a run will be shown, or everything where one declares no reads. */
export function shownToTasks(request: RunRequest): readonly string[] | "everything" {
  if (request.tasks.some((task, i) => !showsReads(task, request.works[i]!))) return "everything";
  return request.tasks.flatMap((task) => [...(task.reads ?? []), ...(task.writes ?? [])]);
}
