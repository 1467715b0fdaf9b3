import { EDGE_KINDS, SheafError } from "@sheaf/core";
import { z } from "zod";
import { TaskList } from "./task-list.ts";

/** One thing that a model says a task needs. */
export interface Need {
  /** Number of the other task, from 1. */
  readonly on: number;
  readonly type: string;
  readonly evidence: string;
  readonly p: number;
}

/** What a model says about one task. */
export interface AnswerRecord {
  /** Number of the task, from 1. */
  readonly task: number;
  readonly needs: readonly Need[];
}

export interface Answer {
  readonly records: readonly AnswerRecord[];
  /** How many records could not be read. */
  readonly unreadable: number;
  /** The text ends in the middle: there are only the records before that. */
  readonly isCut: boolean;
  /** There is something around the answer. */
  readonly isWrapped: boolean;
}

/**
 * The answer's form, in the subset of JSON schema that all servers take: no bounds, every field required.
 * The evidence comes first, so that a model quotes before it judges.
 */
export const ANSWER_SCHEMA: Readonly<Record<string, unknown>> = object({
  tasks: list(
    object({
      task: { type: "integer" },
      needs: list(
        object({
          evidence: { type: "string" },
          on: { type: "integer" },
          type: { type: "string", enum: [...EDGE_KINDS] },
          p: { type: "number" },
        }),
      ),
    }),
  ),
});

function object(properties: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

function list(items: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { type: "array", items };
}

// What is read is wider than what is asked for; a record with a need that names no task is no record at all.
const NUMBER = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);
const NEED = z.object({
  on: NUMBER,
  type: z.string().catch("logic"),
  evidence: z.string().catch(""),
  p: z.number().catch(0.5),
});
const RECORD = z.object({ task: NUMBER, needs: z.array(NEED) });

/** Reads an answer while it comes. */
export interface AnswerReader {
  /** Takes the next piece of the text and returns the records that close in it. */
  push(text: string): readonly AnswerRecord[];
  /** How many records could not be read so far. */
  readonly unreadable: number;
  /** Whether a list of `tasks` has begun. */
  readonly found: boolean;
  /** Whether that list has come to its end. */
  readonly ended: boolean;
}

/** Returns a reader for one answer. However the text is cut, the records are those of the whole text. */
export function answerReader(): AnswerReader {
  const list = new TaskList();
  let unreadable = 0;
  return {
    push(text) {
      const records = list.push(text).map((element) => RECORD.safeParse(element));
      const readable = records.flatMap((record) => (record.success ? [record.data] : []));
      unreadable += records.length - readable.length;
      return readable;
    },
    get unreadable() {
      return unreadable;
    },
    get found() {
      return list.found;
    },
    get ended() {
      return list.ended;
    },
  };
}

/**
 * Reads a model's answer out of the text around it. Of an answer that was cut off, the records that are whole.
 *
 * @throws SheafError MODEL_ANSWER_REFUSED when it holds no list of `tasks`.
 */
export function readAnswer(text: string): Answer {
  const reader = answerReader();
  const records = reader.push(text);
  const bare = text.trim();
  if (reader.found) {
    const { unreadable, ended } = reader;
    const isWrapped = ended && !(bare.startsWith("{") && bare.endsWith("}"));
    return { records, unreadable, isCut: !ended, isWrapped };
  }
  const problem = text.includes("{") ? "it holds no list of `tasks`" : "it holds no JSON object";
  throw new SheafError("MODEL_ANSWER_REFUSED", { problem });
}
