import { type Clock, SheafError } from "@sheaf/core";
import { APIError, OpenAI } from "openai";
import { type AnswerRecord, answerReader } from "./answer.ts";
import { bodyParts } from "./body-parts.ts";
import { clientOptions } from "./client-options.ts";
import { Completion, completionUsage } from "./completion.ts";
import { type ModelNotes, openMeter } from "./model-notes.ts";
import { DEFAULT_MODEL_TIMEOUT_MS, type ModelSettings, providerOf } from "./model-settings.ts";
import type { Prompt } from "./prompt.ts";
import { watchedFetch } from "./watched-fetch.ts";
import { withinSilence } from "./within-silence.ts";

// What wraps a few characters of the answer in a stream takes some 250 bytes.
const MOST_BODY_BYTES = 16 * 2 ** 20;

/** Longest silence of a server, before its headers or in the middle, in ms; half the time allowed where that is more. */
const LONGEST_SILENCE_MS = 30_000;

export type ResponseFormat = NonNullable<OpenAI.ChatCompletionCreateParams["response_format"]>;

/** One request to a model. */
export interface ModelRequest {
  readonly prompt: Prompt;
  readonly settings: ModelSettings;
  /** Null for plain text. */
  readonly format: ResponseFormat | null;
  /** Ask the server to tell the usage; some do not know that option of a stream. */
  readonly asksUsage: boolean;
  /** Called when the server has taken the request in this form and answers; more than once. */
  readonly onAccepted: () => void;
  readonly onRecord: (record: AnswerRecord) => void;
  readonly notes: ModelNotes;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Asks a model by one request, streamed, and returns the text of its answer.
 *
 * @throws SheafError MODEL_ANSWER_REFUSED, with `text` where whole records have come; the reason of `signal`; or what
 * the client, the connection or the server's silence is about, or CallRefused: nothing of the answer can be used then
 */
export async function askOnce(request: ModelRequest): Promise<string> {
  const { settings, signal, clock, onAccepted, onRecord } = request;
  const { timeoutMs = DEFAULT_MODEL_TIMEOUT_MS } = settings;
  const silenceMs = Math.max(LONGEST_SILENCE_MS, timeoutMs / 2);
  const asked = { model: settings.model, provider: providerOf(settings) };
  const meter = openMeter(request.notes, { ...asked, estimatedInputTokens: tokensIn(request.prompt) });
  const completion = new Completion();
  const answer = answerReader();
  let records = 0;
  const read = async (inner: AbortSignal, heard: () => void): Promise<string> => {
    const response = await send(request, inner, watchedFetch({ maxBytes: MOST_BODY_BYTES, heard, ...meter }));
    for await (const part of bodyParts(response.body)) {
      // Parts that had been read before an abort no longer count.
      inner.throwIfAborted();
      const usage = completionUsage(part, asked);
      if (usage !== null) meter.told(usage);
      throwError(part);
      onAccepted();
      for (const record of answer.push(completion.take(part))) {
        signal.throwIfAborted();
        records++;
        onRecord(record);
      }
    }
    inner.throwIfAborted();
    return completion.end();
  };
  try {
    return await withinSilence(read, { silenceMs, clock, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (completion.isOver) return completion.end();
    if (records === 0 || error instanceof SheafError) throw error;
    const problem = `it broke off (${error instanceof Error ? error.message : String(error)})`;
    throw new SheafError("MODEL_ANSWER_REFUSED", { problem, text: completion.text }, { cause: error });
  } finally {
    meter.over();
  }
}

const tokensIn = ({ system, user }: Prompt): number => Math.ceil(Buffer.byteLength(system + user) / 4);

async function send(
  { prompt, settings, format, asksUsage }: ModelRequest,
  signal: AbortSignal,
  fetch: typeof globalThis.fetch,
): Promise<Response> {
  const { model, temperature, effort } = settings;
  const client = new OpenAI({ ...clientOptions(settings), fetch });
  return await client.chat.completions
    .create(
      {
        model,
        messages: [
          { role: "system", content: prompt.system },
          { role: "user", content: prompt.user },
        ],
        stream: true,
        ...(asksUsage ? { stream_options: { include_usage: true } } : {}),
        ...(format === null ? {} : { response_format: format }),
        ...(temperature === undefined ? {} : { temperature }),
        ...(effort === undefined ? {} : { reasoning_effort: effort }),
      },
      { signal },
    )
    .asResponse();
}

/** Servers that fail after their headers say so in the middle of the answer. */
function throwError(part: unknown): void {
  if (typeof part !== "object" || part === null || !("error" in part) || !part.error) return;
  const error = typeof part.error === "object" ? part.error : { message: String(part.error) };
  throw new APIError(undefined, error, undefined, undefined);
}
