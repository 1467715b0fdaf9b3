import { isFullyDeclared, type Task } from "@sheaf/core";

/**
 * Returns the places of the tasks that say nothing from which their order follows, ascending.
 *
 * Where a task names another in `dependsOn`, the plan is taken to say all of its order, and no task is undeclared.
 * Else `dependsOn`, even empty, declares a task, and so do `reads` and `writes` together if `files` counts.
 */
export function undeclaredTasks(
  tasks: readonly Task[],
  { files }: { readonly files: boolean },
): ReadonlySet<number> {
  const places = new Set<number>();
  if (tasks.some((task) => (task.dependsOn ?? []).length > 0)) return places;
  tasks.forEach((task, place) => {
    const declared = task.dependsOn !== undefined || (files && isFullyDeclared(task));
    if (!declared) places.add(place);
  });
  return places;
}
