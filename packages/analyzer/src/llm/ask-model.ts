import { type Clock, isSheafError, systemClock } from "@sheaf/core";
import { APIConnectionError, APIError } from "openai";
import { ANSWER_SCHEMA, type AnswerRecord } from "./answer.ts";
import { askOnce, type ResponseFormat } from "./ask-once.ts";
import { AnswerBroken } from "./body-parts.ts";
import { CallRefused } from "./call-permit.ts";
import type { ModelNotes } from "./model-notes.ts";
import { DEFAULT_BASE_URL, DEFAULT_MODEL_TIMEOUT_MS, type ModelSettings } from "./model-settings.ts";
import type { Prompt } from "./prompt.ts";
import { PauseTooLong, pause, pauseBefore, statusOf } from "./retry.ts";
import { isTooLong } from "./too-long.ts";
import { ServerSilent } from "./within-silence.ts";

/** Ways to ask for JSON, the strictest first; servers differ in what they take. */
const FORMATS: readonly { readonly name: string; readonly format: ResponseFormat | null }[] = [
  {
    name: "JSON by a schema",
    format: {
      type: "json_schema",
      json_schema: { name: "dependencies", strict: true, schema: { ...ANSWER_SCHEMA } },
    },
  },
  { name: "JSON", format: { type: "json_object" } },
  { name: "plain text", format: null },
];

/** How a request is put. */
interface Form {
  /** Place in FORMATS. */
  readonly rung: number;
  readonly asksUsage: boolean;
}

const BEST_FORM: Form = { rung: 0, asksUsage: true };

/** Forms that servers have accepted from this process, by base URL and model, so that each refuses only once. */
const acceptedForms = new Map<string, Form>();

export interface AskOptions {
  readonly notes: ModelNotes;
  readonly signal: AbortSignal;
  /**
   * Called with each record as soon as it has come. A task may be told more than once, and differently: what counts in
   * the end is the text.
   */
  readonly onRecord?: (record: AnswerRecord) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

/**
 * Asks a model and returns the text of its answer. Asks again where the server or the connection fails (MOST_TRIES in
 * all; not once whole records have come), and in a plainer form where the server refuses the one asked for. It does not
 * end by itself at the deadline (see `withinDeadline`), but waits for nothing that lies behind it: a caller that asks
 * more than once within one deadline gives what is left of it as `timeoutMs`.
 *
 * @throws SheafError MODEL_ANSWER_REFUSED, in `text` what came of an answer that was cut off: its whole records are as
 * good as any. Or the reason of `signal`, or what the client throws; `modelProblem` says it in words.
 */
export async function askModel(
  prompt: Prompt,
  settings: ModelSettings,
  options: AskOptions,
): Promise<string> {
  const { notes, signal, onRecord = () => {}, clock = systemClock } = options;
  const endsAt = clock.now() + (settings.timeoutMs ?? DEFAULT_MODEL_TIMEOUT_MS);
  const server = `${settings.baseUrl ?? DEFAULT_BASE_URL} ${settings.model}`;
  let form = acceptedForms.get(server) ?? BEST_FORM;
  for (let tries = 1; ; ) {
    const { rung, asksUsage } = form;
    const { format } = FORMATS[rung]!;
    const onAccepted = (): void => void acceptedForms.set(server, { rung, asksUsage });
    const shared = { prompt, settings, notes, signal, clock, onAccepted, onRecord };
    try {
      return await askOnce({ ...shared, format, asksUsage });
    } catch (error) {
      signal.throwIfAborted();
      const plainer = plainerForm(form, error);
      if (plainer !== null) {
        notes.repairs.push(refusal(form, plainer));
        form = plainer;
        continue;
      }
      const pauseMs = isTooLong(error)
        ? null
        : pauseBefore({ error, tries, now: clock.now(), endsAt, random: Math.random() });
      if (pauseMs === null) throw error;
      notes.repairs.push(`${modelProblem(error, settings)}, so it was asked again`);
      tries++;
      await pause(pauseMs, clock, signal);
    }
  }
}

/** Returns how to ask a server that has refused a form; null where another form is no better. */
function plainerForm({ rung, asksUsage }: Form, error: unknown): Form | null {
  if (!(error instanceof APIError) || ![400, 422].includes(statusOf(error) ?? 0)) return null;
  if (isTooLong(error)) return null;
  const about = `${error.param ?? ""} ${error.message}`;
  const isAboutUsage = /stream_options|include_usage/.test(about);
  const isAboutFormat = /response_format|json/i.test(about);
  if (error.param && !isAboutUsage && !isAboutFormat) return null;
  if (!isAboutUsage && FORMATS[rung + 1] !== undefined) return { rung: rung + 1, asksUsage };
  return asksUsage && !isAboutFormat ? { rung, asksUsage: false } : null;
}

function refusal(form: Form, plainer: Form): string {
  const [refused, next] = [FORMATS[form.rung]!.name, FORMATS[plainer.rung]!.name];
  return form.rung === plainer.rung
    ? "The model's server refused to tell what a streamed answer costs, so it was not asked to"
    : `The model's server refused to answer in ${refused}, so it was asked for ${next}`;
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
  if (error instanceof CallRefused)
    return `The model was not asked, to keep within a budget: ${error.message}`;
  if (error instanceof PauseTooLong) return `${problemText(error.cause)}: ${error.message}`;
  if (error instanceof ServerSilent) return `The model's server was silent (${error.message})`;
  if (error instanceof AnswerBroken) return `The model's answer broke off (${innermost(error)})`;
  if (error instanceof APIConnectionError)
    return `The model's server cannot be reached (${innermost(error)})`;
  if (error instanceof APIError) {
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
