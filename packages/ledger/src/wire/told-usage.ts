import type { ModelApi, UsageRecord } from "@sheaf/core";
import { countOf, fieldsOf, type JsonFields, nameOf } from "./json-fields.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Token counts in the one form of `UsageRecord`; what was not told is undefined. */
type Counts = Record<
  "input" | "cached" | "cacheWrite" | "cacheWrite1h" | "audioInput" | "output" | "reasoning" | "audioOutput",
  number | undefined
>;

/** What an answer says about itself, in the words of its server. */
export interface ToldByAnswer {
  readonly api: ModelApi;
  /** Who is paid, and the model that was asked for, where the answer names none. */
  readonly asked: { readonly provider: string; readonly model: string | null };
  readonly model: unknown;
  readonly serviceTier: unknown;
  readonly usage: JsonFields;
}

/** Returns the usage that an answer tells, or null where it tells none. */
export function toldUsage({ api, asked, model, serviceTier, usage }: ToldByAnswer): UsageRecord | null {
  const counts = api === "messages" ? messagesCounts(usage) : openaiCounts(usage, api);
  if (counts.input === undefined && counts.output === undefined) return null;
  const record: Writable<UsageRecord> = {
    model: nameOf(model) ?? asked.model ?? "unknown",
    provider: asked.provider,
  };
  const tier = usage.speed === "fast" ? "fast" : (nameOf(serviceTier) ?? nameOf(usage.service_tier));
  if (tier !== undefined) record.serviceTier = tier;
  if (counts.input !== undefined) record.inputTokens = counts.input;
  if (counts.output !== undefined) record.outputTokens = counts.output;
  const cached = partOf(counts.input, counts.cached);
  const cacheWrite = partOf(counts.input, counts.cacheWrite);
  const cacheWrite1h = partOf(cacheWrite, counts.cacheWrite1h);
  const reasoning = partOf(counts.output, counts.reasoning);
  if (cached !== undefined) record.cachedInputTokens = cached;
  if (cacheWrite !== undefined) record.cacheWriteTokens = cacheWrite;
  if (cacheWrite1h !== undefined) record.cacheWrite1hTokens = cacheWrite1h;
  if (reasoning !== undefined) record.reasoningTokens = reasoning;
  // Kept whatever the whole is: a call that told of any has no price.
  const webSearches = countOf(fieldsOf(usage.server_tool_use).web_search_requests);
  if (counts.audioInput) record.audioInputTokens = counts.audioInput;
  if (counts.audioOutput) record.audioOutputTokens = counts.audioOutput;
  if (webSearches) record.webSearches = webSearches;
  return record;
}

// A part that is larger than the whole cannot be booked as one.
const partOf = (whole: number | undefined, part: number | undefined): number | undefined =>
  part !== undefined && part <= (whole ?? 0) ? part : undefined;

function openaiCounts(usage: JsonFields, api: ModelApi): Counts {
  const inputParts = fieldsOf(usage.prompt_tokens_details ?? usage.input_tokens_details);
  const outputParts = fieldsOf(usage.completion_tokens_details ?? usage.output_tokens_details);
  const input = countOf(usage.prompt_tokens ?? usage.input_tokens);
  const output = countOf(usage.completion_tokens ?? usage.output_tokens);
  const reasoning = countOf(outputParts.reasoning_tokens);
  // Some servers count reasoning beside the output; their total gives them away.
  const isBeside =
    input !== undefined &&
    output !== undefined &&
    reasoning !== undefined &&
    reasoning > 0 &&
    usage.total_tokens === input + output + reasoning;
  return {
    input,
    cached: countOf(inputParts.cached_tokens),
    cacheWrite: countOf(inputParts.cache_write_tokens),
    cacheWrite1h: undefined,
    audioInput: countOf(inputParts.audio_tokens),
    output: isBeside ? output + reasoning : (output ?? (api === "embeddings" ? 0 : undefined)),
    reasoning,
    audioOutput: countOf(outputParts.audio_tokens),
  };
}

/** Anthropic's three groups of input have nothing in common; together they are the input. */
function messagesCounts(usage: JsonFields): Counts {
  const fresh = countOf(usage.input_tokens);
  const cached = countOf(usage.cache_read_input_tokens);
  const cacheWrite = countOf(usage.cache_creation_input_tokens);
  const { ephemeral_1h_input_tokens: forAnHour } = fieldsOf(usage.cache_creation);
  return {
    input: fresh === undefined ? undefined : fresh + (cached ?? 0) + (cacheWrite ?? 0),
    cached,
    cacheWrite,
    cacheWrite1h: countOf(forAnHour),
    audioInput: undefined,
    output: countOf(usage.output_tokens),
    reasoning: countOf(fieldsOf(usage.output_tokens_details).thinking_tokens),
    audioOutput: undefined,
  };
}
