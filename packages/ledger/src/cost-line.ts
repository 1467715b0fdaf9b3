import type { UsageRecord } from "@sheaf/core";
import { picoToUsd, usdToPico } from "./money.ts";

/** Counts over model calls. Tokens read from or written to a cache are part of the input, reasoning tokens of the output. */
export interface CallCounts {
  readonly calls: number;
  /** Calls whose price is not known. */
  readonly unpricedCalls: number;
  /** Calls of which no server has told the usage, so that all or part of it is an estimate. */
  readonly estimatedCalls: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** One line of a bill. */
export interface CostLine extends CallCounts {
  /** The known part of the cost in USD: 0 when there was nothing to pay, null when nothing of it is known. */
  readonly usd: number | null;
  /** True when some call's price is not known, or not all calls are, so that `usd` is not all. */
  readonly partial: boolean;
  /** Attempts whose calls nobody counted but by what they told. */
  readonly unmetered: number;
}

/** A line that is being summed up, its money in pico-dollars. */
export type CostSum = { -readonly [K in keyof CallCounts]: CallCounts[K] } & {
  pico: bigint;
  unmetered: number;
};

export function emptySum(): CostSum {
  return {
    pico: 0n,
    unmetered: 0,
    calls: 0,
    unpricedCalls: 0,
    estimatedCalls: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
  };
}

/** Reads a figure of an event: a number that was not finite stands as null in a journal, and is not known. */
export function knownFigure(value: number | null | undefined): number | null {
  return Number.isFinite(value) && (value as number) >= 0 ? (value as number) : null;
}

/** Returns the sum of one call. */
export function sumOfCall(usage: UsageRecord, { isEstimated }: { readonly isEstimated: boolean }): CostSum {
  const costUsd = knownFigure(usage.costUsd);
  return {
    pico: costUsd === null ? 0n : usdToPico(costUsd),
    unmetered: 0,
    calls: 1,
    unpricedCalls: costUsd === null ? 1 : 0,
    estimatedCalls: isEstimated ? 1 : 0,
    inputTokens: knownFigure(usage.inputTokens) ?? 0,
    cachedInputTokens: knownFigure(usage.cachedInputTokens) ?? 0,
    cacheWriteTokens: knownFigure(usage.cacheWriteTokens) ?? 0,
    outputTokens: knownFigure(usage.outputTokens) ?? 0,
    reasoningTokens: knownFigure(usage.reasoningTokens) ?? 0,
  };
}

/** Returns `whole` without `parts`. */
export function restOf(whole: Readonly<CostSum>, parts: readonly Readonly<CostSum>[]): CostSum {
  const rest = { ...whole };
  for (const part of parts) {
    rest.pico -= part.pico;
    rest.unmetered -= part.unmetered;
    rest.calls -= part.calls;
    rest.unpricedCalls -= part.unpricedCalls;
    rest.estimatedCalls -= part.estimatedCalls;
    rest.inputTokens -= part.inputTokens;
    rest.cachedInputTokens -= part.cachedInputTokens;
    rest.cacheWriteTokens -= part.cacheWriteTokens;
    rest.outputTokens -= part.outputTokens;
    rest.reasoningTokens -= part.reasoningTokens;
  }
  return rest;
}

/** Adds `more` to `sum`, in place. */
export function addToSum(sum: CostSum, more: Readonly<CostSum>): void {
  sum.pico += more.pico;
  sum.unmetered += more.unmetered;
  sum.calls += more.calls;
  sum.unpricedCalls += more.unpricedCalls;
  sum.estimatedCalls += more.estimatedCalls;
  sum.inputTokens += more.inputTokens;
  sum.cachedInputTokens += more.cachedInputTokens;
  sum.cacheWriteTokens += more.cacheWriteTokens;
  sum.outputTokens += more.outputTokens;
  sum.reasoningTokens += more.reasoningTokens;
}

export function toCostLine(sum: Readonly<CostSum>): CostLine {
  const { calls, unpricedCalls, unmetered } = sum;
  return {
    usd: calls + unmetered > 0 && unpricedCalls === calls ? null : picoToUsd(sum.pico),
    partial: unpricedCalls + unmetered > 0,
    unmetered,
    calls,
    unpricedCalls,
    estimatedCalls: sum.estimatedCalls,
    inputTokens: sum.inputTokens,
    cachedInputTokens: sum.cachedInputTokens,
    cacheWriteTokens: sum.cacheWriteTokens,
    outputTokens: sum.outputTokens,
    reasoningTokens: sum.reasoningTokens,
  };
}

/** Returns what the lines come to together. */
export function joinCostLines(lines: Iterable<CostLine>): CostLine {
  const sum = emptySum();
  for (const { usd, partial: _, ...counts } of lines) addToSum(sum, { ...counts, pico: usdToPico(usd ?? 0) });
  return toCostLine(sum);
}
