import {
  dataProblem,
  declaredEdges,
  eachString,
  findOutputReferences,
  SheafError,
  serialOrder,
  type Task,
  type TaskSpec,
  taskId,
} from "@sheaf/core";
import { schemaIssues } from "./schema-issue.ts";
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

function invalid(task: TaskSpec, field: string, expected: string, got: unknown): SheafError {
  return new SheafError("TASK_INVALID", { taskId: task.id, field, expected, got });
}

function checkMeaning(task: TaskSpec): void {
  if (task.run !== undefined && task.agent !== undefined) {
    throw invalid(
      task,
      "agent",
      "absent beside `run`: a task is done by a command or by an agent",
      task.agent,
    );
  }
  const problem = dataProblem(task.input);
  if (problem !== undefined)
    throw invalid(task, "input", `plain data that can be copied (${problem})`, task.input);
  const { effects = [], retries = 0, idempotent = false } = task;
  if (effects.length > 0 && retries > 0 && !idempotent) {
    throw invalid(
      task,
      "retries",
      "0 beside `effects`, unless `idempotent: true` says that twice is as good as once",
      retries,
    );
  }
}

function checkIds(specs: readonly TaskSpec[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const [i, { id }] of specs.entries()) {
    taskId(id);
    const first = numbers.get(id);
    if (first !== undefined)
      throw new SheafError("TASK_ID_DUPLICATE", { taskId: id, first: first + 1, second: i + 1 });
    numbers.set(id, i);
  }
  return numbers;
}

/** Ids of the tasks whose outputs a task's command, input or description takes by `${id.output}`. */
export function referencedTasks(task: TaskSpec): readonly string[] {
  const ids = new Set<string>();
  const collect = (text: string): void => {
    for (const reference of findOutputReferences(text)) ids.add(reference.taskId);
  };
  eachString([task.run ?? "", task.description ?? "", task.input], collect);
  return [...ids];
}

function checkReferences(tasks: readonly Task[]): void {
  const position = new Map<string, number>(tasks.map((task, i) => [task.id, i]));
  for (const [i, task] of tasks.entries()) {
    const late = referencedTasks(task).find((id) => (position.get(id) ?? -1) >= i);
    if (late === undefined) continue;
    const expected = `without \${${late}.output}, as "${late}" does not come before it; move it up or declare dependsOn`;
    throw invalid(task, "the task", expected, `\${${late}.output}`);
  }
}

/**
 * Checks a list of tasks and puts it in serial order: list order, but for what `dependsOn` demands.
 *
 * @throws SheafError TASKS_EMPTY, TASK_INVALID, TASK_ID_INVALID, TASK_ID_DUPLICATE, EDGE_UNKNOWN_TASK,
 * EDGE_SELF_LOOP or GRAPH_CYCLE.
 */
export function parseTasks(list: unknown): readonly Task[] {
  if (!Array.isArray(list)) {
    throw new SheafError("OPTION_INVALID", { option: "tasks", expected: "a list of tasks", got: list });
  }
  if (list.length === 0) throw new SheafError("TASKS_EMPTY", {});
  const specs = Array.from(list, checkShape); // map would pass over holes
  const numbers = checkIds(specs);
  for (const spec of specs) checkMeaning(spec);
  const tasks = specs.map((spec) => Object.freeze({ ...spec }) as Task);
  const order = serialOrder(
    tasks.map((task) => task.id),
    declaredEdges(tasks),
  );
  const sorted = order.map((id) => tasks[numbers.get(id)!]!);
  checkReferences(sorted);
  return sorted;
}
