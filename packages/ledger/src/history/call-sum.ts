import type { UsageRecord } from "@sheaf/core";
import { type CostSum, knownFigure, sumOfCall } from "../cost-line.ts";

/** From a million dollars a call on, its price counts as not known: sums must fit 64 bits. */
const MOST_PICO = 10n ** 18n;
/** Most tokens that are counted of a call, for the same reason. */
const MOST_TOKENS = 1e12;
/** A name is cut to so many characters, as it is part of a key. */
const MOST_CHARACTERS = 200;

/** Returns a name as the index keeps it: cut, and without the one character that no server takes. */
export function keptName(name: unknown): string {
  return typeof name === "string" ? name.slice(0, MOST_CHARACTERS).replaceAll("\0", "\uFFFD") : "unknown";
}

const tokens = (count: number): number => Math.min(Math.round(count), MOST_TOKENS);

/** Returns the sum of one call, in figures that the index can keep. */
export function keptSum(usage: UsageRecord, told: { readonly isEstimated: boolean }): CostSum {
  const sum = sumOfCall(usage, told);
  const isPriced = knownFigure(usage.costUsd) !== null && sum.pico < MOST_PICO;
  return {
    pico: isPriced ? sum.pico : 0n,
    unmetered: 0,
    calls: 1,
    unpricedCalls: isPriced ? 0 : 1,
    estimatedCalls: sum.estimatedCalls,
    inputTokens: tokens(sum.inputTokens),
    cachedInputTokens: tokens(sum.cachedInputTokens),
    cacheWriteTokens: tokens(sum.cacheWriteTokens),
    outputTokens: tokens(sum.outputTokens),
    reasoningTokens: tokens(sum.reasoningTokens),
  };
}
