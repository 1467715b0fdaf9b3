import type { ModelApi } from "@sheaf/core";
import { countOf, fieldsOf, type JsonFields, nameOf } from "./json-fields.ts";
import { estimatedTokens, textSize } from "./text-size.ts";

/** What a request says that it will take. */
export interface AskedFor {
  /** Null where the request names none. */
  readonly model: string | null;
  /** Most tokens of the answers, all choices and prompts together; null where the request does not bound them. */
  readonly maxOutputTokens: number | null;
  /** About how many tokens the question is: its bytes of text by four. */
  readonly estimatedInputTokens: number;
  /** Service tier that it asks for, as the provider names it; null where it names none. */
  readonly serviceTier: string | null;
  /** The server adds to the question what it has kept, of which the request does not tell how much it is. */
  readonly hasStoredInput: boolean;
}

/** Of a request of which nothing can be read. */
export const NOTHING_ASKED: AskedFor = {
  ...{ model: null, maxOutputTokens: null, estimatedInputTokens: 0 },
  ...{ serviceTier: null, hasStoredInput: false },
};

const LIMITS: Readonly<Record<ModelApi, readonly string[]>> = {
  chat: ["max_completion_tokens", "max_tokens"],
  responses: ["max_output_tokens"],
  messages: ["max_tokens"],
  embeddings: [],
};

/** Members of requests that a model reads. */
const READ_BY_MODELS = [
  ...["messages", "input", "prompt", "system", "instructions", "tools", "functions", "suffix"],
  ...["response_format", "text"],
];

/** Members of a response's request that name what its server has kept. */
const STORED = ["previous_response_id", "conversation", "prompt"];

/** Reads the JSON body of a request. */
export function readRequest(api: ModelApi, body: JsonFields): AskedFor {
  const limit = LIMITS[api].map((name) => countOf(body[name])).find((count) => count !== undefined);
  const bytes = READ_BY_MODELS.reduce((sum, name) => sum + textSize(body[name]), 0);
  // Of `best_of` choices, which are all paid for, the server gives `n`; each prompt of a list has its own.
  const choices = Math.max(1, countOf(body.n) ?? 1, countOf(body.best_of) ?? 1) * promptsOf(body.prompt);
  return {
    model: nameOf(body.model) ?? null,
    maxOutputTokens: api === "embeddings" ? 0 : limit === undefined ? null : limit * choices,
    estimatedInputTokens: estimatedTokens(bytes),
    serviceTier: nameOf(body.service_tier) ?? null,
    hasStoredInput: api === "responses" && STORED.some((name) => body[name] != null),
  };
}

/** How many prompts these are: one text, one list of tokens, or a list of either. */
function promptsOf(prompt: unknown): number {
  const isList = Array.isArray(prompt) && typeof prompt[0] !== "number";
  return isList ? Math.max(1, prompt.length) : 1;
}

const ASKED = Buffer.from('{"stream_options":{"include_usage":true},');

/**
 * Returns the body of a chat completion with the wish to be told the usage at the end of the stream, or null where
 * there is nothing to add: it asks already, or for no stream. `fields` is what `body` holds; where it has no
 * `stream_options` all of its bytes stay as they are.
 */
export function withUsageAsked(api: ModelApi, body: Buffer, fields: JsonFields): Buffer | null {
  if (api !== "chat" || fields.stream !== true) return null;
  const options = fieldsOf(fields.stream_options);
  if (options.include_usage === true) return null;
  if (Object.hasOwn(fields, "stream_options")) {
    return Buffer.from(JSON.stringify({ ...fields, stream_options: { ...options, include_usage: true } }));
  }
  return Buffer.concat([ASKED, body.subarray(body.indexOf("{") + 1)]);
}
