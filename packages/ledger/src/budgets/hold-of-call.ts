import type { UsageRecord } from "@sheaf/core";
import { usdToPico } from "../money.ts";
import type { PriceBook } from "../prices/price-book.ts";
import type { AskedFor } from "../wire/read-request.ts";

/** Tokens that are held for an answer of which nothing bounds the length. */
export const UNBOUNDED_ANSWER_TOKENS = 4_096;

/** Input is held so many times over: an estimate by bytes is half of what digits, or scripts beside Latin, come to. */
const INPUT_MARGIN = 2;

/** What is known of a call before it is sent, as `call.started` tells it. */
export interface AskedCall extends AskedFor {
  readonly provider: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What a call may use at most. */
export interface CallHold {
  /** Pico-dollars; null where the price is not known. */
  readonly holdPico: bigint | null;
  /** In and out. */
  readonly holdTokens: number;
  /** False where the length of the answer, or of the question, is not bounded, so that it may use more. */
  readonly isBounded: boolean;
}

/**
 * Returns what must be set aside for a call: at the highest of the prices that its tokens may turn out to have, in the
 * usual service tier or the one that it asks for.
 */
export function holdOfCall(call: AskedCall, prices: PriceBook): CallHold {
  const { model, provider, maxOutputTokens, serviceTier, at } = call;
  const inputTokens = INPUT_MARGIN * call.estimatedInputTokens;
  const outputTokens = maxOutputTokens ?? UNBOUNDED_ANSWER_TOKENS;
  const holdTokens = inputTokens + outputTokens;
  const isBounded = maxOutputTokens !== null && !call.hasStoredInput;
  if (model === null) return { holdPico: null, holdTokens, isBounded };
  const asked = { provider, model, inputTokens, outputTokens };
  // A server that has no room in a tier may answer in the usual one, so that its price must be known, too.
  const kinds = kindsOf(asked);
  if (serviceTier !== null) kinds.push(...kindsOf({ ...asked, serviceTier }));
  const known = kinds.map((usage) => prices.priced(usage, at).costUsd);
  if (known[0] === undefined) return { holdPico: null, holdTokens, isBounded };
  const most = Math.max(...known.map((usd) => usd ?? 0));
  return { holdPico: usdToPico(most), holdTokens, isBounded };
}

/** What the same tokens may turn out to be: plain ones first, prompts written to a cache, answers that are reasoning. */
function kindsOf(asked: UsageRecord): UsageRecord[] {
  const { inputTokens = 0, outputTokens = 0 } = asked;
  const written = { cacheWriteTokens: inputTokens };
  const inputs = [{}, written, { ...written, cacheWrite1hTokens: inputTokens }];
  return inputs.flatMap((input) => [
    { ...asked, ...input },
    { ...asked, ...input, reasoningTokens: outputTokens },
  ]);
}
