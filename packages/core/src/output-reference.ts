/** A place in a text that stands for another task's output: `${fetch.output}` or `${fetch.output.rows.0}`. */
export interface OutputReference {
  /** The id as written; whether there is such a task is not checked here. */
  readonly taskId: string;
  /** Keys below the output; empty for all of it. */
  readonly path: readonly string[];
  /** Where the reference starts and ends in the text. */
  readonly start: number;
  readonly end: number;
}

// An id is greedy up to ".output", so that ids with dots work: ${a.b.output} is the output of "a.b".
const REFERENCE = /\$\{([\p{L}\p{N}_][\p{L}\p{N}\p{M}._-]*?)\.output((?:\.[\p{L}\p{N}_-]+)*)\}/gu;

/**
 * Finds the references to outputs in a text, in order.
 *
 * @example findOutputReferences("plot ${fit.output.slope}")[0] // { taskId: "fit", path: ["slope"], start: 5, end: 24 }
 */
export function findOutputReferences(text: string): readonly OutputReference[] {
  return Array.from(text.matchAll(REFERENCE), (match) => ({
    taskId: match[1]!,
    path: match[2] === "" ? [] : match[2]!.slice(1).split("."),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** Calls `visit` with every string inside plain data, keys excluded. */
export function eachString(value: unknown, visit: (text: string) => void): void {
  mapStrings(value, (text) => {
    visit(text);
    return text;
  });
}

/**
 * Returns a copy of plain data in which every string was replaced by what `replace` returns for it. Recursive: data
 * of others is to be checked by `dataProblem` first.
 */
export function mapStrings(value: unknown, replace: (text: string) => unknown): unknown {
  if (typeof value === "string") return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, replace));
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, replace)]));
  }
  return value;
}
