import type { ModelApi } from "@sheaf/core";
import { countOf, fieldsOf, type JsonFields, nameOf } from "./json-fields.ts";
import { estimatedTokens, textSize } from "./text-size.ts";

/** What a request says that it will take. */
export interface AskedFor {
  /** Null where the request names none. */
  readonly model: string | null;
  /** Most tokens of the answer, all choices together; null where the request does not bound it. */
  readonly maxOutputTokens: number | null;
  /** About how many tokens the question is: its bytes of text by four. */
  readonly estimatedInputTokens: number;
}

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

/** Reads the JSON body of a request. */
export function readRequest(api: ModelApi, body: JsonFields): AskedFor {
  const limit = LIMITS[api].map((name) => countOf(body[name])).find((count) => count !== undefined);
  const bytes = READ_BY_MODELS.reduce((sum, name) => sum + textSize(body[name]), 0);
  const choices = Math.max(1, countOf(body.n) ?? 1);
  return {
    model: nameOf(body.model) ?? null,
    maxOutputTokens: api === "embeddings" ? 0 : limit === undefined ? null : limit * choices,
    estimatedInputTokens: estimatedTokens(bytes),
  };
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
