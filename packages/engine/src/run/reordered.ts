import type { SetOrder } from "@sheaf/analyzer";
import type { Task } from "@sheaf/core";
import type { RunRequest } from "./run-request.ts";

/** Returns the request with its tasks in another order. */
export function reordered(request: RunRequest, tasks: readonly Task[], order: SetOrder): RunRequest {
  const workOf = new Map(request.tasks.map((task, place) => [task.id, request.works[place]!]));
  return { ...request, tasks, works: tasks.map(({ id }) => workOf.get(id)!), order };
}
