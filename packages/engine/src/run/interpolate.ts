import {
  describeData,
  findOutputReferences,
  mapStrings,
  type OutputReference,
  SheafError,
  type Task,
} from "@sheaf/core";
import { quotingAt } from "./shell-quoting.ts";

/** Longest text that goes to a command through its environment; Linux allows 128 KiB for one variable. */
const MAX_VARIABLE_BYTES = 100 * 1024;

/** A task whose references to outputs were replaced, and what its command needs in its environment. */
export interface Interpolated {
  readonly task: Task;
  readonly env: Readonly<Record<string, string>>;
}

interface Outputs {
  readonly taskId: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly known: (id: string) => boolean;
}

/**
 * Replaces `${id.output}` in a task's input, description and command by what the tasks before it returned. A
 * reference to a task that is not known stays as it is.
 *
 * In `input`, a text that is one reference becomes the value itself. In a command it becomes a variable of the
 * environment, so that no output can be taken for a part of the command; between single quotes too.
 *
 * @throws SheafError INPUT_NOT_READY for an output that is not there, INPUT_MISSING for a key that an output does not
 *   have, TASK_INVALID where a command cannot take an output.
 */
export function interpolate(
  task: Task,
  inputs: Readonly<Record<string, unknown>>,
  known: (id: string) => boolean,
): Interpolated {
  const outputs = { taskId: task.id, inputs, known };
  const env: Record<string, string> = {};
  const replaced: Record<string, unknown> = { ...task };
  if (task.input !== undefined) replaced.input = mapStrings(task.input, (text) => inputOf(text, outputs));
  if (task.description !== undefined) replaced.description = textOf(task.description, outputs);
  if (task.run !== undefined) replaced.run = commandOf(task.run, outputs, env);
  return { task: Object.freeze(replaced) as unknown as Task, env };
}

function resolve({ taskId: from, path }: OutputReference, { taskId, inputs }: Outputs): unknown {
  let value = inputs[from];
  for (const key of path) {
    const isThere = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    value = isThere ? (value as Record<string, unknown>)[key] : undefined;
  }
  if (value !== undefined || path.length === 0) return value;
  throw new SheafError("INPUT_MISSING", { taskId, from, path, output: describeData(inputs[from]) });
}

// Nothing would leave a gap in the text, and `rm -r "${x.output}/cache"` would mean something else.
function resolveText(reference: OutputReference, outputs: Outputs): string {
  const value = resolve(reference, outputs);
  if (typeof value === "string") return value;
  const json = JSON.stringify(value);
  if (json !== undefined) return json;
  const { taskId: from, path } = reference;
  throw new SheafError("INPUT_MISSING", { taskId: outputs.taskId, from, path, output: describeData(value) });
}

function replaceEach(
  text: string,
  { known }: Outputs,
  replace: (reference: OutputReference) => string,
): string {
  let result = "";
  let at = 0;
  for (const reference of findOutputReferences(text)) {
    if (!known(reference.taskId)) continue;
    result += text.slice(at, reference.start) + replace(reference);
    at = reference.end;
  }
  return result + text.slice(at);
}

const textOf = (text: string, outputs: Outputs): string =>
  replaceEach(text, outputs, (reference) => resolveText(reference, outputs));

function inputOf(text: string, outputs: Outputs): unknown {
  const [only] = findOutputReferences(text);
  const isAll = only !== undefined && only.start === 0 && only.end === text.length;
  return isAll && outputs.known(only.taskId) ? resolve(only, outputs) : textOf(text, outputs);
}

function commandOf(command: string, outputs: Outputs, env: Record<string, string>): string {
  const refuse = (expected: string, got: string): SheafError =>
    new SheafError("TASK_INVALID", { taskId: outputs.taskId, field: "run", expected, got });
  return replaceEach(command, outputs, (reference) => {
    const { taskId, start, end } = reference;
    const written = command.slice(start, end);
    const quoting = quotingAt(command, start);
    if (quoting === "escaped") return written;
    if (quoting === "document") {
      throw refuse("a here-document whose delimiter is not quoted, where it takes an output", written);
    }
    const value = resolveText(reference, outputs);
    if (Buffer.byteLength(value) > MAX_VARIABLE_BYTES) {
      const expected = `an output of at most ${MAX_VARIABLE_BYTES} bytes in a command; let "${taskId}" write a file instead`;
      throw refuse(expected, `${value.length} characters`);
    }
    const nul = value.indexOf("\0");
    if (nul !== -1) {
      const expected = `an output without NUL bytes in a command; let "${taskId}" write a file instead`;
      throw refuse(expected, `one at position ${nul}`);
    }
    const name = `SHEAF_INPUT_${Object.keys(env).length + 1}`;
    env[name] = value;
    return quoting === "single" ? `'"\${${name}}"'` : `\${${name}}`;
  });
}
