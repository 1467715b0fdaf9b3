import type { UsageRecord, UsageSource } from "@sheaf/core";
import type { UsageReading } from "../wire/usage-reader.ts";

/** What is known of a call that is over. */
export interface CallFigures {
  readonly reading: UsageReading;
  readonly provider: string;
  readonly model: string | null;
  readonly estimatedInputTokens: number;
  readonly maxOutputTokens: number | null;
}

/**
 * Returns what a call used: what the provider has told, where the answer came to its end; else an estimate of the
 * rest, by the text of question and answer.
 */
export function settleUsage(figures: CallFigures): {
  readonly usage: UsageRecord;
  readonly source: UsageSource;
} {
  const { reading, provider, model, estimatedInputTokens, maxOutputTokens } = figures;
  const told = reading.usage;
  if (told !== null && reading.isComplete) return { usage: told, source: "provider" };
  const seen = Math.min(reading.seenOutputTokens, maxOutputTokens ?? Number.POSITIVE_INFINITY);
  const usage = {
    ...(told ?? { model: model ?? "unknown", provider }),
    inputTokens: told?.inputTokens ?? estimatedInputTokens,
    outputTokens: Math.max(told?.outputTokens ?? 0, seen),
  };
  return { usage, source: "estimated" };
}
