import { type FreeOrder, freeOrder } from "@sheaf/analyzer";
import { SheafError, type Task, type TaskSpec, taskId } from "@sheaf/core";
import { schemaIssues } from "./schema-issue.ts";
import { checkTasks, type ListOrder, orderingEdges } from "./task-problems.ts";
import { TASK_KEYS, taskSchema } from "./task-schema.ts";

function checkShape(spec: unknown, index: number): TaskSpec {
  const parsed = taskSchema.safeParse(spec);
  if (parsed.success) return spec as TaskSpec;
  const given = typeof spec === "object" && spec !== null ? (spec as { id?: unknown }).id : undefined;
  const [issue] = schemaIssues(parsed.error, spec, () => TASK_KEYS);
  const name = typeof given === "string" ? given : `number ${index + 1}`;
  const { path, expected, value: got, unknownKey } = issue!;
  if (path[0] === "id") taskId(given); // its own error says more
  throw new SheafError("TASK_INVALID", {
    taskId: name,
    field: path.length === 0 ? "the task" : path.join("."),
    expected: unknownKey && expected.startsWith('"') ? `spelled ${expected}` : expected,
    got,
  });
}

/**
 * Checks a list of tasks and puts it in serial order: list order, but for what `dependsOn` demands and, where the order
 * is free, for what declared files and outputs taken in texts call for. What could not be served is in `warnings`.
 *
 * @throws SheafError TASKS_EMPTY, TASK_INVALID, TASK_ID_INVALID, TASK_ID_DUPLICATE, EDGE_UNKNOWN_TASK,
 * EDGE_SELF_LOOP or GRAPH_CYCLE.
 */
export function parseTasks(list: unknown, listOrder: ListOrder = "list"): FreeOrder {
  if (!Array.isArray(list)) {
    throw new SheafError("OPTION_INVALID", { option: "tasks", expected: "a list of tasks", got: list });
  }
  if (list.length === 0) throw new SheafError("TASKS_EMPTY", {});
  const specs = Array.from(list, checkShape); // map would pass over holes
  const { problems, order } = checkTasks(specs, listOrder);
  if (problems.length > 0) throw problems[0]!.error;
  const byId = new Map(specs.map((spec) => [spec.id, Object.freeze({ ...spec }) as Task]));
  const tasks = order!.map((id) => byId.get(id)!);
  if (listOrder === "list") return { tasks, warnings: [] };
  return freeOrder(tasks, orderingPairs(tasks));
}

/** Tells whether an order of checked tasks, as a set, is one that parseTasks would leave as it is. */
export function isFreelyOrdered(tasks: readonly Task[]): boolean {
  const pairs = orderingPairs(tasks);
  if (pairs.some(([from, to]) => from > to)) return false;
  return freeOrder(tasks, pairs).tasks.every((task, place) => task === tasks[place]);
}

function orderingPairs(tasks: readonly Task[]): readonly (readonly [number, number])[] {
  const places = new Map(tasks.map(({ id }, place) => [id, place]));
  return orderingEdges(tasks, "free").map(({ from, to }) => [places.get(from)!, places.get(to)!]);
}
