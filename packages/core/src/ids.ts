import { SheafError } from "./errors.ts";

type Brand<T, B extends string> = T & { readonly __brand: B };

/** Names a task within a run; safe as a part of a file name on every system. */
export type TaskId = Brand<string, "TaskId">;
/** Names a run; safe as a folder name. */
export type RunId = Brand<string, "RunId">;

/** Longest id accepted, in UTF-16 code units. */
export const MAX_ID_LENGTH = 100;

// Letters and digits of any script, then also ".", "_" and "-". Never a separator, a space, a control character,
// a leading "." (hidden, or "..") or a leading "-" (read as an option by shell commands).
const SAFE_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}._-]*$/u;

/** Tells why `text` cannot be an id, or `undefined` when it can. */
export function idProblem(text: unknown): string | undefined {
  if (typeof text !== "string") return `it is ${describeType(text)}, not a string`;
  if (text === "") return "it is empty";
  if (text.length > MAX_ID_LENGTH) return `it has ${text.length} characters, the most is ${MAX_ID_LENGTH}`;
  if (text !== text.normalize("NFC")) return "it is not in Unicode normal form C";
  if (!SAFE_NAME.test(text)) {
    return 'only letters, digits, ".", "_" and "-" are allowed, and the first must be a letter, a digit or "_"';
  }
  return undefined;
}

/**
 * Returns `text` as a task id.
 *
 * @throws SheafError TASK_ID_INVALID when `text` could not be part of a file name.
 * @example taskId("fit-model") // "fit-model"
 */
export function taskId(text: unknown): TaskId {
  const problem = idProblem(text);
  if (problem !== undefined) throw new SheafError("TASK_ID_INVALID", { taskId: text, problem });
  return text as TaskId;
}

/**
 * Returns `text` as a run id.
 *
 * @throws SheafError RUN_ID_INVALID when `text` could not be a folder name.
 */
export function runId(text: unknown): RunId {
  const problem = idProblem(text);
  if (problem !== undefined) throw new SheafError("RUN_ID_INVALID", { runId: text, problem });
  return text as RunId;
}

/** Says what a value is, for error messages: "a string", "null", "an array". */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "an array";
  const type = typeof value;
  return type === "object" ? "an object" : `a ${type}`;
}
