import type { Task } from "@sheaf/core";

/** Most UTF-16 code units of the list in one question, some 40,000 tokens of English. */
export const MOST_LIST_CHARS = 160_000;

/** Longest text of one field that is ever shown. */
export const LONGEST_FIELD = 4000;

/** Longest text of one field; the first counts that lets the list fit. */
const FIELD_CHARS: readonly number[] = [LONGEST_FIELD, 2000, 1000, 500, 250, 125, 60, 30];

/** A task as a model is shown it. */
export interface TaskText {
  /** One JSON object without its number in the list. */
  readonly text: string;
  /** The same with nothing cut. */
  readonly whole: string;
}

/** A list as a model is shown it. */
export interface ShownList {
  /** The first tasks of the list: all, unless they do not fit even when cut hardest. */
  readonly tasks: readonly TaskText[];
  /** Length of all that, in UTF-16 code units. */
  readonly chars: number;
  /** Longest text that was left in one field, in UTF-16 code units; less than LONGEST_FIELD where the list is long. */
  readonly fieldChars: number;
}

interface Fields {
  readonly id: string;
  readonly description: string | undefined;
  readonly run: string | undefined;
  readonly input: string | undefined;
  readonly reads: readonly string[] | undefined;
  readonly writes: readonly string[] | undefined;
  readonly dependsOn: readonly string[] | undefined;
}

/** Returns the texts of the tasks, all fields of all tasks cut at the same length so that the whole is not too long. */
export function shownList(tasks: readonly Task[], mostChars: number = MOST_LIST_CHARS): ShownList {
  const whole = new Map<Task, Fields>();
  const fieldsFor = (task: Task): Fields => {
    const fields = whole.get(task) ?? fieldsOf(task);
    whole.set(task, fields);
    return fields;
  };
  for (let step = 0; ; step++) {
    const fieldChars = FIELD_CHARS[step]!;
    const shown: TaskText[] = [];
    let chars = 0;
    for (const task of tasks) {
      const text = jsonLine(cut(fieldsFor(task), fieldChars));
      if (chars + text.length + LINE_CHARS > mostChars) break;
      chars += text.length + LINE_CHARS;
      shown.push({ text, whole: JSON.stringify(fieldsFor(task)) });
    }
    if (shown.length < tasks.length && step < FIELD_CHARS.length - 1) continue;
    return { tasks: shown, chars, fieldChars };
  }
}

/** Room for the number and the end of a line. */
const LINE_CHARS = 20;

function fieldsOf({ id, description, run, input, reads, writes, dependsOn }: Task): Fields {
  return {
    ...{ id, description, run },
    input: input === undefined ? undefined : inputText(input),
    ...{ reads, writes, dependsOn },
  };
}

function inputText(input: unknown): string {
  try {
    return JSON.stringify(input) ?? "";
  } catch {
    return ""; // a cycle or a bigint; the rest of the task still tells something
  }
}

function cut({ id, description, run, input, reads, writes, dependsOn }: Fields, most: number): Fields {
  return {
    id,
    description: cutText(description, most),
    run: cutText(run, most),
    input: cutText(input, most),
    reads: cutItems(reads, most),
    writes: cutItems(writes, most),
    dependsOn: cutItems(dependsOn, most),
  };
}

const cutText = (text: string | undefined, most: number): string | undefined =>
  text === undefined || text.length <= most ? text : `${text.slice(0, most)}...`;

function cutItems(items: readonly string[] | undefined, most: number): readonly string[] | undefined {
  if (items === undefined) return undefined;
  let left = most;
  const first = items.findIndex((item) => {
    left -= item.length;
    return left < 0;
  });
  return first === -1 ? items : [...items.slice(0, first), "..."];
}

// Signs that nobody sees, or that turn what follows them round, would show people another text than the model.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/gu;

/** As JSON a text stays on its line, so that it cannot pass for another task or for the end of the list. */
function jsonLine(fields: Fields): string {
  return JSON.stringify(fields).replace(UNSEEN, (sign) =>
    Array.from({ length: sign.length }, (_, i) => escapeUnit(sign.charCodeAt(i))).join(""),
  );
}

const escapeUnit = (unit: number): string => `\\u${unit.toString(16).padStart(4, "0")}`;
