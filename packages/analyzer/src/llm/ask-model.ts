import { isSheafError, type UsageRecord } from "@sheaf/core";
import { APIConnectionError, APIError, OpenAI } from "openai";
import { ANSWER_SCHEMA } from "./answer.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import { completionBody, completionText, completionUsage } from "./completion.ts";
import { DEFAULT_BASE_URL, type ModelSettings, providerOf } from "./model-settings.ts";
import type { Prompt } from "./prompt.ts";

type ResponseFormat = OpenAI.ChatCompletionCreateParams["response_format"];

/** Ways to ask for JSON, the strictest first; servers differ in what they take. */
const FORMATS: readonly { readonly name: string; readonly format: ResponseFormat }[] = [
  {
    name: "JSON by a schema",
    format: {
      type: "json_schema",
      json_schema: { name: "dependencies", strict: true, schema: { ...ANSWER_SCHEMA } },
    },
  },
  { name: "JSON", format: { type: "json_object" } },
  { name: "plain text", format: undefined },
];

// Far above any honest answer: a record takes some 150 bytes.
const MOST_ANSWER_BYTES = 4 * 2 ** 20;

/** Where the parts of a conversation with a model are noted as they come, so that they outlive a failure. */
export interface ModelNotes {
  readonly usage: UsageRecord[];
  /** Sentences for people about formats that the server refused. */
  readonly repairs: string[];
}

/**
 * Asks a model once and returns its text; again in a plainer format where the server refuses the one asked for.
 *
 * @throws SheafError MODEL_ANSWER_REFUSED, or what the client throws; `modelProblem` says it in words.
 */
export async function askModel(
  { system, user }: Prompt,
  settings: ModelSettings,
  { notes, signal }: { readonly notes: ModelNotes; readonly signal: AbortSignal },
): Promise<string> {
  const client = clientFor(settings);
  for (let rung = 0; ; rung++) {
    const { name, format } = FORMATS[rung]!;
    try {
      const completion: unknown = await client.chat.completions.create(
        {
          model: settings.model,
          messages: [
            { role: "system", content: system },
            { role: "user", content: user },
          ],
          ...(format === undefined ? {} : { response_format: format }),
          ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
        },
        { signal },
      );
      const body = completionBody(completion);
      const usage = completionUsage(body, { model: settings.model, provider: providerOf(settings) });
      if (usage !== null) notes.usage.push(usage);
      return completionText(body);
    } catch (error) {
      const plainer = FORMATS[rung + 1];
      if (plainer === undefined || !mayRefuseFormat(error)) throw error;
      notes.repairs.push(
        `The model's server refused to answer in ${name}, so it was asked for ${plainer.name}`,
      );
    }
  }
}

// Everything that the client would else take from the environment is said here.
function clientFor(settings: ModelSettings): OpenAI {
  return new OpenAI({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl ?? DEFAULT_BASE_URL,
    organization: null,
    project: null,
    adminAPIKey: null,
    logLevel: "off",
    maxRetries: 0,
    fetch: boundedFetch(MOST_ANSWER_BYTES),
  });
}

function mayRefuseFormat(error: unknown): boolean {
  if (!(error instanceof APIError)) return false;
  return (error.status === 400 || error.status === 422) && error.code !== "context_length_exceeded";
}

const LONGEST_PROBLEM = 240;
// Shorter ones are words ("none") for servers that want no key.
const SHORTEST_KEY = 8;

/** Says in words why there is no answer, without the API key. */
export function modelProblem(error: unknown, { apiKey }: ModelSettings): string {
  const text = problemText(error).replace(/\s+/g, " ");
  const safe = apiKey.length < SHORTEST_KEY ? text : text.replaceAll(apiKey, "***");
  return safe.length > LONGEST_PROBLEM ? `${safe.slice(0, LONGEST_PROBLEM)}...` : safe;
}

function problemText(error: unknown): string {
  if (isSheafError(error, "MODEL_ANSWER_REFUSED")) return error.message;
  if (error instanceof APIConnectionError)
    return `The model's server cannot be reached (${innermost(error)})`;
  if (error instanceof APIError && error.status !== undefined) {
    return `The model's server answered ${error.message}`;
  }
  return `Asking the model failed (${innermost(error)})`;
}

/** The message of an error's first cause: "fetch failed" alone tells nothing. */
function innermost(error: unknown): string {
  let cause = error;
  for (let depth = 0; depth < 8 && cause instanceof Error && cause.cause !== undefined; depth++) {
    cause = cause.cause;
  }
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
}
