// OTLP messages of runs, each as one line of JSON: what a file of them holds, and what a server is sent.
import type { Dependency } from "./attempt-links.ts";
import { resourceAttributes, runMetrics, runSpans, SCHEMA_URL } from "./otel-mapping.ts";
import { otlpAttributes } from "./otlp-json.ts";
import type { RunFacts } from "./run-facts.ts";

/** Servers refuse messages of some MiB: 20 by default, or 4. A span of ours has about 1 KiB. */
const MOST_SPANS = 1000;

/**
 * Returns the spans of a run, at most a thousand in a message. Equal events give equal messages.
 *
 * @param dependencies which attempts are linked, beside what conflicts have shown; `edges` of a report will do
 */
export function otlpTraces(run: RunFacts, dependencies: readonly Dependency[] = []): readonly string[] {
  const spans = runSpans(run, dependencies);
  const messages: string[] = [];
  for (let from = 0; from < spans.length; from += MOST_SPANS) {
    const scopeSpans = [{ ...scope(run), spans: spans.slice(from, from + MOST_SPANS) }];
    messages.push(JSON.stringify({ resourceSpans: [{ ...resource(run), scopeSpans }] }));
  }
  return messages;
}

/** Returns the metrics of a run as one message. */
export function otlpMetrics(run: RunFacts): string {
  const scopeMetrics = [{ ...scope(run), metrics: runMetrics(run) }];
  return JSON.stringify({ resourceMetrics: [{ ...resource(run), scopeMetrics }] });
}

const resource = (run: RunFacts) => ({
  resource: { attributes: otlpAttributes(resourceAttributes(run)) },
  schemaUrl: SCHEMA_URL,
});

const scope = ({ started }: RunFacts) => ({
  scope: { name: "sheaf", ...(started === null ? {} : { version: started.version }) },
  schemaUrl: SCHEMA_URL,
});
