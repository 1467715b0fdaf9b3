import { dataProblem, findOutputReferences, SheafError, type TaskSpec } from "@sheaf/core";

/** Something wrong with one task, or with several that wait for each other: then the number is that of the first. */
export interface TaskProblem {
  /** Position in the list, from 0. */
  readonly task: number;
  readonly error: SheafError;
}

type Keys = readonly (string | number)[];

/** A text of a task, and the keys that lead to it. */
interface TaskText {
  readonly keys: Keys;
  readonly text: string;
}

/** All texts in which `${id.output}` is replaced. */
function textsOf({ run, description, input }: TaskSpec): readonly TaskText[] {
  const texts: TaskText[] = [];
  const collect = (value: unknown, keys: Keys): void => {
    if (typeof value === "string") texts.push({ keys, text: value });
    else if (Array.isArray(value)) for (const [i, item] of value.entries()) collect(item, [...keys, i]);
    else if (isPlain(value)) for (const [key, item] of Object.entries(value)) collect(item, [...keys, key]);
  };
  collect(run, ["run"]);
  collect(description, ["description"]);
  collect(input, ["input"]);
  return texts;
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Ids of the tasks whose outputs a task's command, input or description takes by `${id.output}`. */
export function referencedTasks(task: TaskSpec): readonly string[] {
  const ids = new Set<string>();
  for (const { text } of textsOf(task)) for (const { taskId } of findOutputReferences(text)) ids.add(taskId);
  return [...ids];
}

/**
 * Finds references to outputs that no earlier task can serve. In a description, which is words for people, one to a
 * task that is not there stays as it is; a shell, or an agent, would take it for something else.
 *
 * @param order position of each task in serial order, by id; null where there is no such order
 */
export function referenceProblems(
  specs: readonly TaskSpec[],
  order: ReadonlyMap<string, number> | null,
): readonly TaskProblem[] {
  const known = new Set<string>(specs.map(({ id }) => id));
  return specs.flatMap((spec, task) => {
    if (dataProblem(spec.input) !== undefined) return [];
    const told = new Set<string>();
    return textsOf(spec).flatMap(({ keys, text }) =>
      findOutputReferences(text).flatMap(({ taskId, start, end }) => {
        const expected = expectedOf(spec, taskId, { known, order, inWords: keys[0] === "description" });
        const got = text.slice(start, end);
        const field = keys.join(".");
        if (expected === null || told.has(`${field} ${got}`)) return [];
        told.add(`${field} ${got}`);
        return [{ task, error: new SheafError("TASK_INVALID", { taskId: spec.id, field, expected, got }) }];
      }),
    );
  });
}

interface Around {
  readonly known: ReadonlySet<string>;
  readonly order: ReadonlyMap<string, number> | null;
  readonly inWords: boolean;
}

function expectedOf({ id }: TaskSpec, from: string, { known, order, inWords }: Around): string | null {
  const outputs = "a text that takes only outputs of";
  if (from === id) return `${outputs} earlier tasks ("${id}" is the task itself)`;
  if (!known.has(from)) {
    return inWords ? null : `${outputs} tasks in the list (there is no task "${from}")`;
  }
  if (order === null || order.get(from)! < order.get(id)!) return null;
  return `${outputs} earlier tasks ("${from}" comes after it: move it up, or declare dependsOn: ["${from}"])`;
}
