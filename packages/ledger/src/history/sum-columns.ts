import { type AliasedRawBuilder, sql } from "kysely";
import type { CostSum } from "../cost-line.ts";

/** The columns of what calls add up to. */
export type SumColumn =
  | "calls"
  | "unpriced_calls"
  | "estimated_calls"
  | "pico"
  | "input_tokens"
  | "cached_input_tokens"
  | "cache_write_tokens"
  | "output_tokens"
  | "reasoning_tokens";

export const SUM_COLUMN_NAMES: readonly SumColumn[] = [
  "calls",
  "unpriced_calls",
  "estimated_calls",
  "pico",
  "input_tokens",
  "cached_input_tokens",
  "cache_write_tokens",
  "output_tokens",
  "reasoning_tokens",
];

/** A sum as the database returns it; of attempts it says, too, how many were unmetered. */
export type StoredSum = Readonly<Record<SumColumn, bigint>> & { readonly unmetered?: bigint };

/** A sum as it is written. */
export type WrittenSum = Readonly<Record<SumColumn, bigint | number>>;

export function toColumns(sum: Readonly<CostSum>): WrittenSum {
  return {
    calls: sum.calls,
    unpriced_calls: sum.unpricedCalls,
    estimated_calls: sum.estimatedCalls,
    pico: sum.pico,
    input_tokens: sum.inputTokens,
    cached_input_tokens: sum.cachedInputTokens,
    cache_write_tokens: sum.cacheWriteTokens,
    output_tokens: sum.outputTokens,
    reasoning_tokens: sum.reasoningTokens,
  };
}

export function fromColumns(row: StoredSum): CostSum {
  return {
    pico: row.pico,
    unmetered: Number(row.unmetered ?? 0),
    calls: Number(row.calls),
    unpricedCalls: Number(row.unpriced_calls),
    estimatedCalls: Number(row.estimated_calls),
    inputTokens: Number(row.input_tokens),
    cachedInputTokens: Number(row.cached_input_tokens),
    cacheWriteTokens: Number(row.cache_write_tokens),
    outputTokens: Number(row.output_tokens),
    reasoningTokens: Number(row.reasoning_tokens),
  };
}

/** The sums of all columns, for a `select`. */
export const summedColumns: readonly AliasedRawBuilder<bigint, SumColumn>[] = SUM_COLUMN_NAMES.map((name) =>
  sql<bigint>`cast(coalesce(sum(${sql.ref(name)}), 0) as bigint)`.as(name),
);
