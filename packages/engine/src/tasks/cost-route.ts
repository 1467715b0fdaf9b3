import { nameSome, type Task } from "@sheaf/core";
import { type CallHeadings, UNKNOWN_ROUTE } from "@sheaf/ledger";
import type { TaskWork } from "../agents/resolve-work.ts";
import { isNear } from "../config/read-settings.ts";
import { ownTags } from "../plan/scheduler-plan.ts";

/** Returns the route under which a task counts: its own, where no list is given or the list has it. */
function costRoute({ route }: Pick<Task, "route">, routes: readonly string[] | null): string {
  if (route === undefined) return UNKNOWN_ROUTE;
  return routes === null || routes.includes(route) ? route : UNKNOWN_ROUTE;
}

/** Returns the headings under which the calls of a task count. */
export const callHeadings = (task: Task, work: TaskWork, routes: readonly string[] | null): CallHeadings => ({
  route: costRoute(task, routes),
  tags: ownTags(task, work),
});

/** Returns a sentence for each route that tasks name and the list does not have. */
export function strayRoutes(
  tasks: readonly Pick<Task, "id" | "route">[],
  routes: readonly string[] | null,
): readonly string[] {
  const stray = new Map<string, string[]>();
  for (const task of tasks) {
    const { route = UNKNOWN_ROUTE } = task;
    if (costRoute(task, routes) === route) continue;
    stray.set(route, [...(stray.get(route) ?? []), task.id]);
  }
  return [...stray].map(([route, ids]) => {
    const near = routes?.find((each) => isNear(route, each));
    const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
    const what = ids.length === 1 ? "task" : "tasks";
    return `The route "${route}" of ${what} ${nameSome(ids)} is not among \`routes\` and counts as ${UNKNOWN_ROUTE}.${hint}`;
  });
}
