import { findOutputReferences, mapStrings, SheafError, type Task } from "@sheaf/core";

/** Returns the value that a reference stands for. */
type Resolve = (taskId: string, path: readonly string[]) => unknown;

/** Longest text that goes to a command through its environment; Linux allows 128 KiB for one variable. */
const MAX_VARIABLE_BYTES = 100 * 1024;

const asText = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");

function replaceIn(text: string, resolve: Resolve): unknown {
  const references = findOutputReferences(text);
  const [only] = references;
  if (references.length === 1 && only!.start === 0 && only!.end === text.length) {
    return resolve(only!.taskId, only!.path);
  }
  let result = "";
  let at = 0;
  for (const reference of references) {
    result += text.slice(at, reference.start) + asText(resolve(reference.taskId, reference.path));
    at = reference.end;
  }
  return result + text.slice(at);
}

/** A task whose references to outputs were replaced, and what its command needs in its environment. */
export interface Interpolated {
  readonly task: Task;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Replaces `${id.output}` in a task's input, description and command by what the tasks before it returned.
 *
 * In `input`, a text that is one reference becomes the value itself. In a command it becomes a variable of the
 * environment, so that no output can be taken for a part of the command.
 *
 * @throws SheafError INPUT_NOT_READY for an output that is not there.
 */
export function interpolate(
  task: Task,
  inputs: Readonly<Record<string, unknown>>,
  known: (id: string) => boolean,
): Interpolated {
  const resolve: Resolve = (id, path) => {
    let value = inputs[id];
    for (const key of path) {
      value =
        typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
    }
    return value;
  };
  const keep = (text: string): unknown =>
    findOutputReferences(text).every((reference) => known(reference.taskId))
      ? replaceIn(text, resolve)
      : text;
  const env: Record<string, string> = {};
  const replaced: Record<string, unknown> = { ...task };
  if (task.input !== undefined) replaced.input = mapStrings(task.input, keep);
  if (task.description !== undefined) replaced.description = asText(keep(task.description));
  if (task.run !== undefined) replaced.run = commandOf(task, { resolve, known, env });
  return { task: Object.freeze(replaced) as unknown as Task, env };
}

function commandOf(
  task: Task,
  parts: {
    readonly resolve: Resolve;
    readonly known: (id: string) => boolean;
    readonly env: Record<string, string>;
  },
): string {
  const command = task.run!;
  let result = "";
  let at = 0;
  for (const { taskId, path, start, end } of findOutputReferences(command)) {
    if (!parts.known(taskId)) continue;
    const value = asText(parts.resolve(taskId, path));
    if (Buffer.byteLength(value) > MAX_VARIABLE_BYTES) {
      const expected = `an output of at most ${MAX_VARIABLE_BYTES} bytes in a command; let "${taskId}" write a file instead`;
      throw new SheafError("TASK_INVALID", {
        taskId: task.id,
        field: "run",
        expected,
        got: `${value.length} characters`,
      });
    }
    const name = `SHEAF_INPUT_${Object.keys(parts.env).length + 1}`;
    parts.env[name] = value;
    result += `${command.slice(at, start)}\${${name}}`;
    at = end;
  }
  return result + command.slice(at);
}
