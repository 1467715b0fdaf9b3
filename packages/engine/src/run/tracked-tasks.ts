import type { RunRequest } from "./run-request.ts";

/** Tells for each task whether everything that it reads is known. */
export function trackedTasks(request: RunRequest): readonly boolean[] {
  const { tasks, works, dir } = request;
  return tasks.map(
    (task, i) => dir === null || works[i]!.work.kind === "closure" || task.reads !== undefined,
  );
}

/** Returns all that the tasks of a run will be shown, or everything where one declares no reads. */
export function shownToTasks(request: RunRequest): readonly string[] | "everything" {
  if (trackedTasks(request).includes(false)) return "everything";
  return request.tasks.flatMap((task) => [...(task.reads ?? []), ...(task.writes ?? [])]);
}
