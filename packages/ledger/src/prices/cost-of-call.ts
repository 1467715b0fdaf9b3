import type { UsageRecord } from "@sheaf/core";
import { usdToPico } from "../money.ts";

/** What a million tokens cost, in pico-dollars. */
export interface Rate {
  readonly base: bigint;
  /** Other prices for larger inputs, ascending: the last one whose `above` the whole input exceeds counts. */
  readonly steps: readonly { readonly above: number; readonly price: bigint }[];
}

/** What a model charges for. A kind of token without a rate of its own is charged as what it is a part of. */
export interface Rates {
  readonly input?: Rate;
  readonly cachedInput?: Rate;
  readonly cacheWrite?: Rate;
  readonly cacheWrite1h?: Rate;
  readonly output?: Rate;
  readonly reasoning?: Rate;
  /** What a call costs beside its tokens, in pico-dollars. */
  readonly request?: bigint;
}

/** Part of its price that a service tier charges, as a fraction. */
export interface Share {
  readonly of: bigint;
  readonly by: bigint;
}

export const WHOLE: Share = { of: 1n, by: 1n };

const MILLION = 1_000_000n;

/** Returns the rate of so many USD for a million tokens. */
export const flatRate = (usd: number): Rate => ({ base: usdToPico(usd), steps: [] });

/**
 * Returns what a call costs in pico-dollars, rounded once, half up; null where the rates or the counts do not tell.
 *
 * A count that is absent is not known, unless nothing is charged for it.
 */
export function costOfCall(usage: UsageRecord, rates: Rates, share: Share = WHOLE): bigint | null {
  const { inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage;
  const { cacheWrite1hTokens = 0, reasoningTokens = 0 } = usage;
  const { input, output, cacheWrite = input } = rates;
  if ((inputTokens === undefined && input) || (outputTokens === undefined && output)) return null;
  const parts: readonly (readonly [tokens: number, rate: Rate | undefined])[] = [
    [(inputTokens ?? 0) - cachedInputTokens - cacheWriteTokens, input],
    [cachedInputTokens, rates.cachedInput ?? input],
    [cacheWriteTokens - cacheWrite1hTokens, cacheWrite],
    // Where it is sold at all it costs more than a short one.
    [cacheWrite1hTokens, rates.cacheWrite1h],
    [(outputTokens ?? 0) - reasoningTokens, output],
    [reasoningTokens, rates.reasoning ?? output],
  ];
  let sum = (rates.request ?? 0n) * MILLION;
  for (const [tokens, rate] of parts) {
    if (tokens === 0) continue;
    if (tokens < 0 || rate === undefined) return null;
    sum += BigInt(tokens) * priceAt(rate, inputTokens ?? 0);
  }
  const unit = MILLION * share.by;
  return (2n * sum * share.of + unit) / (2n * unit);
}

/**
 * Returns what calls cost whose usage was added up, in pico-dollars; null also where that goes with how much each of
 * them took, or with how many they were.
 */
export function costOfCalls(usage: UsageRecord, rates: Rates, share: Share = WHOLE): bigint | null {
  const { request, ...byToken } = rates;
  const isStepped = Object.values(byToken).some(({ steps }) =>
    steps.some(({ above }) => (usage.inputTokens ?? 0) > above),
  );
  return isStepped || (request ?? 0n) > 0n ? null : costOfCall(usage, rates, share);
}

function priceAt({ base, steps }: Rate, inputTokens: number): bigint {
  let price = base;
  for (const step of steps) if (inputTokens > step.above) price = step.price;
  return price;
}
