import { BadInput, NoWorkflow } from "./bad-input.ts";
import { type Workflow, type WorkflowTask, workflowOf } from "./workflow.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a workflow run in WfFormat: 1.5, with `workflow.specification` and `workflow.execution`, or the older form
 * with all of a task in `workflow.tasks`. Durations are in seconds.
 *
 * @throws BadInput; NoWorkflow when the JSON is something else.
 */
export function parseWfFormat(text: string): Workflow {
  const workflow = objectIn(objectIn(parseJson(text))?.workflow);
  const specified = listIn(objectIn(workflow?.specification)?.tasks);
  const tasks = specified ?? listIn(workflow?.tasks);
  if (tasks === undefined) {
    throw new NoWorkflow(
      "this is not a workflow in WfFormat: expected workflow.specification.tasks or workflow.tasks to be a list",
    );
  }
  const runtimes = runtimesOf(listIn(objectIn(workflow?.execution)?.tasks) ?? []);
  const read = tasks.map((task, i) => readTask(task, i));
  return workflowOf(
    linked(read).map((task) => ({ ...task, duration: task.duration ?? runtimes.get(task.name) })),
  );
}

interface ReadTask extends WorkflowTask {
  /** What other tasks may call it by, beside its id. */
  readonly alias: string;
  readonly before: readonly string[];
}

function readTask(value: unknown, i: number): ReadTask {
  const task = objectIn(value) ?? {};
  const { id, name = id } = task;
  if (typeof name !== "string" || (id !== undefined && typeof id !== "string")) {
    throw new BadInput(`expected task ${i + 1} to have an id or a name`);
  }
  return {
    name: id ?? name,
    alias: name,
    duration: durationIn(task, id ?? name),
    after: namesIn(task.parents, id ?? name),
    before: namesIn(task.children, id ?? name),
  };
}

/** Older files name parents by name where newer ones do by id, and some edges stand with one of their ends alone. */
function linked(tasks: readonly ReadTask[]): readonly WorkflowTask[] {
  const ids = new Set(tasks.map((task) => task.name));
  const byAlias = new Map(tasks.map((task) => [task.alias, task.name]));
  const idOf = (called: string): string => (ids.has(called) ? called : (byAlias.get(called) ?? called));
  const after = new Map(tasks.map((task) => [task.name, new Set(task.after.map(idOf))]));
  for (const task of tasks) {
    for (const child of task.before.map(idOf)) {
      const parents = after.get(child);
      if (parents === undefined) {
        throw new BadInput(`task "${task.name}" names the child "${child}", and there is no such task`);
      }
      parents.add(task.name);
    }
  }
  return tasks.map((task) => ({
    name: task.name,
    duration: task.duration,
    after: [...after.get(task.name)!],
  }));
}

function runtimesOf(entries: readonly unknown[]): ReadonlyMap<string, number> {
  const runtimes = new Map<string, number>();
  for (const entry of entries) {
    const task = objectIn(entry) ?? {};
    if (typeof task.id !== "string")
      throw new BadInput("expected every task of workflow.execution to have an id");
    const duration = durationIn(task, task.id);
    if (duration !== undefined) runtimes.set(task.id, duration);
  }
  return runtimes;
}

function durationIn(task: Json, name: string): number | undefined {
  const duration = task.runtimeInSeconds ?? task.runtime;
  if (duration === undefined || duration === null) return undefined;
  if (typeof duration === "number" && duration >= 0) return duration;
  throw new BadInput(
    `expected the run time of task "${name}" to be a number >= 0, got ${JSON.stringify(duration)}`,
  );
}

function namesIn(value: unknown, name: string): readonly string[] {
  const list = listIn(value ?? []);
  if (list?.every((item) => typeof item === "string")) return list as readonly string[];
  throw new BadInput(`expected the parents and children of task "${name}" to be lists of names`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NoWorkflow(`this is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function objectIn(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function listIn(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}
