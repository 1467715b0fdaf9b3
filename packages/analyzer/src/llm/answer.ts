import { EDGE_KINDS, SheafError } from "@sheaf/core";
import { z } from "zod";
import { jsonObjects } from "./json-objects.ts";

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
const ANSWER = z.object({ tasks: z.array(z.unknown()) });

/**
 * Reads a model's answer out of the text around it.
 *
 * @throws SheafError MODEL_ANSWER_REFUSED when it holds no JSON object with a list of `tasks`.
 */
export function readAnswer(text: string): Answer {
  let objects = 0;
  for (const value of jsonObjects(text)) {
    objects++;
    const answer = ANSWER.safeParse(value);
    if (!answer.success) continue;
    const records = answer.data.tasks.map((task) => RECORD.safeParse(task));
    const readable = records.flatMap((record) => (record.success ? [record.data] : []));
    return { records: readable, unreadable: records.length - readable.length };
  }
  const problem = objects === 0 ? "it holds no JSON object" : "it holds no list of `tasks`";
  throw new SheafError("MODEL_ANSWER_REFUSED", { problem });
}
