// What OTLP messages say, for their tests.
import type { EventBody, UsageRecord } from "@sheaf/core";
import { stamp } from "./events-rig.ts";
import { otlpMetrics, otlpTraces } from "./otlp.ts";
import type { OtlpAttribute, OtlpMetric, OtlpSpan } from "./otlp-json.ts";
import { type RunFacts, runFacts } from "./run-facts.ts";

export const factsOf = (...bodies: readonly EventBody[]): RunFacts => runFacts(stamp(bodies))!;

export function spansOf(
  run: RunFacts,
  dependencies: readonly { from: string; to: string }[] = [],
): OtlpSpan[] {
  return otlpTraces(run, dependencies).flatMap((message) => {
    const { resourceSpans } = JSON.parse(message);
    return resourceSpans[0].scopeSpans[0].spans as OtlpSpan[];
  });
}

export const metricsOf = (run: RunFacts): OtlpMetric[] =>
  JSON.parse(otlpMetrics(run)).resourceMetrics[0].scopeMetrics[0].metrics;

export const values = (attributes: readonly OtlpAttribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

export const priced: UsageRecord = {
  ...{ model: "gpt-4o-mini-2024-07-18", provider: "openai", inputTokens: 100, cachedInputTokens: 40 },
  ...{ outputTokens: 50, reasoningTokens: 20, costUsd: 1, costSource: "local" },
  price: {
    source: "genai-prices",
    version: "0.1.8",
    provider: "openai",
    model: "gpt-4o-mini",
    tier: "standard",
  },
};
