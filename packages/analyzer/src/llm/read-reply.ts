import { isSheafError } from "@sheaf/core";
import { type Answer, readAnswer } from "./answer.ts";
import { jsonObjects } from "./json-objects.ts";

/** What could be read of a model's text. */
export interface Reply extends Answer {
  /** The text ends in the middle: there are only the records before that. */
  readonly isCut: boolean;
  /** There is something around the answer. */
  readonly isWrapped: boolean;
}

/**
 * Reads a model's answer out of the text around it; of one that ends in the middle, the records that are whole.
 *
 * @throws SheafError MODEL_ANSWER_REFUSED when there is none.
 */
export function readReply(text: string): Reply {
  const bare = text.trim();
  try {
    return { ...readAnswer(text), isCut: false, isWrapped: !(bare.startsWith("{") && bare.endsWith("}")) };
  } catch (error) {
    if (!isSheafError(error, "MODEL_ANSWER_REFUSED")) throw error;
    const tasks = [...jsonObjects(text.slice(0, MOST_CHARS))].filter(isRecord);
    const cut = tasks.length === 0 ? null : readAnswer(JSON.stringify({ tasks }));
    if (cut === null || cut.records.length === 0) throw error;
    return { ...cut, isCut: true, isWrapped: false };
  }
}

/** Far above what is left of any honest answer; to look through more would take long. */
const MOST_CHARS = 200_000;

const isRecord = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "task" in value && "needs" in value;
