import {
  dataProblem,
  declaredEdges,
  type Edge,
  isSheafError,
  SheafError,
  serialOrder,
  type Task,
  type TaskSpec,
  taskId,
} from "@sheaf/core";
import { referencedTasks, referenceProblems, type TaskProblem } from "./reference-problems.ts";

/**
 * What the place of a task in the list says: `list`: the tasks before it are done before it, unless `dependsOn` demands
 * otherwise. `free`: nothing, where other words or declared files call for another order.
 */
export type ListOrder = "list" | "free";

/** What is wrong with a list of tasks, and its order. */
export interface CheckedTasks {
  /** The most basic first. */
  readonly problems: readonly TaskProblem[];
  /** Ids in serial order; null when problems leave none. */
  readonly order: readonly string[] | null;
}

/**
 * Finds all that does not fit together in a list of tasks whose fields are each of the right form. The order is what
 * their words leave, without their files.
 */
export function checkTasks(specs: readonly TaskSpec[], listOrder: ListOrder = "list"): CheckedTasks {
  const twice = duplicates(specs);
  const edges = edgeProblems(specs);
  const sorted = twice.length + edges.length > 0 ? null : sort(specs, listOrder);
  const order = sorted instanceof SheafError ? null : sorted;
  const places = order === null ? null : new Map(order.map((id, i) => [id, i]));
  return {
    problems: [
      ...twice,
      ...specs.flatMap((spec, task) => meaningProblems(spec).map((error) => ({ task, error }))),
      ...edges,
      ...(sorted instanceof SheafError ? [{ task: firstOf(sorted, specs), error: sorted }] : []),
      ...referenceProblems(specs, places),
    ],
    order,
  };
}

function duplicates(specs: readonly TaskSpec[]): readonly TaskProblem[] {
  const numbers = new Map<string, number>();
  return specs.flatMap(({ id: taskId }, task) => {
    const first = numbers.get(taskId);
    if (first === undefined) {
      numbers.set(taskId, task);
      return [];
    }
    const error = new SheafError("TASK_ID_DUPLICATE", { taskId, first: first + 1, second: task + 1 });
    return [{ task, error }];
  });
}

function meaningProblems(spec: TaskSpec): readonly SheafError[] {
  const { id: taskId, run, agent, input, effects = [], retries = 0, idempotent = false } = spec;
  const problems: SheafError[] = [];
  const add = (field: string, expected: string, got: unknown): void => {
    problems.push(new SheafError("TASK_INVALID", { taskId, field, expected, got }));
  };
  if (run !== undefined && agent !== undefined) {
    add("agent", "absent beside `run`: a task is done by a command or by an agent", agent);
  }
  const depth = dataProblem(input);
  if (depth !== undefined) add("input", `plain data that can be copied (${depth})`, input);
  if (effects.length > 0 && retries > 0 && !idempotent) {
    const expected = "0 beside `effects`, unless `idempotent: true` says that twice is as good as once";
    add("retries", expected, retries);
  }
  return problems;
}

function edgeProblems(specs: readonly TaskSpec[]): readonly TaskProblem[] {
  const ids = new Set<string>(specs.map(({ id }) => id));
  const known = [...ids];
  // Where an id comes twice, the other task may be meant.
  const unique = ids.size === specs.length;
  return specs.flatMap(({ id: taskId, dependsOn = [] }, task) =>
    [...new Set(dependsOn)].flatMap((from): readonly TaskProblem[] => {
      if (from === taskId && unique) return [{ task, error: new SheafError("EDGE_SELF_LOOP", { taskId }) }];
      if (ids.has(from)) return [];
      return [{ task, error: new SheafError("EDGE_UNKNOWN_TASK", { taskId, unknown: from, known }) }];
    }),
  );
}

/** Returns what `dependsOn` demands and, where the list says nothing about it, what outputs taken in texts do. */
export function orderingEdges(tasks: readonly Task[], listOrder: ListOrder): readonly Edge[] {
  const declared = declaredEdges(tasks);
  if (listOrder === "list") return declared;
  const known = new Set<string>(tasks.map(({ id }) => id));
  const taken = tasks.flatMap((task) =>
    referencedTasks(task)
      .filter((from) => from !== task.id && known.has(from))
      .map((from): Edge => {
        const evidence = `takes the output of ${from}`;
        return {
          from: taskId(from),
          to: task.id,
          kind: "data",
          source: "reference",
          probability: 1,
          evidence,
        };
      }),
  );
  return [...declared, ...taken];
}

function sort(
  specs: readonly TaskSpec[],
  listOrder: ListOrder,
): readonly string[] | SheafError<"GRAPH_CYCLE"> {
  const tasks = specs as readonly Task[];
  const ids = tasks.map(({ id }) => id);
  try {
    return serialOrder(ids, orderingEdges(tasks, listOrder));
  } catch (error) {
    if (isSheafError(error, "GRAPH_CYCLE")) return error;
    throw error;
  }
}

function firstOf({ details }: SheafError<"GRAPH_CYCLE">, specs: readonly TaskSpec[]): number {
  return specs.findIndex(({ id }) => id === details.cycle[0]);
}
