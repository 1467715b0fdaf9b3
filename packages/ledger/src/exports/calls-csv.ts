import { knownFigure } from "../cost-line.ts";
import { usdToPico } from "../money.ts";
import type { CallFacts, RunFacts } from "./run-facts.ts";

type Cell = string | number | null | undefined;

const COLUMNS: Readonly<Record<string, (call: CallFacts) => Cell>> = {
  seq: ({ seq }) => seq,
  ended_at: ({ endedAt }) => new Date(endedAt).toISOString(),
  task: ({ madeBy }) => madeBy?.taskId,
  attempt: ({ madeBy }) => madeBy?.attempt,
  agent: ({ agent }) => agent,
  route: ({ route }) => route,
  class: ({ costClass }) => costClass,
  operation: ({ operation }) => operation,
  provider: ({ provider }) => provider,
  model: ({ model }) => model,
  service_tier: ({ usage }) => usage?.serviceTier,
  input_tokens: ({ usage }) => knownFigure(usage?.inputTokens),
  cached_input_tokens: ({ usage }) => knownFigure(usage?.cachedInputTokens),
  cache_write_tokens: ({ usage }) => knownFigure(usage?.cacheWriteTokens),
  output_tokens: ({ usage }) => knownFigure(usage?.outputTokens),
  reasoning_tokens: ({ usage }) => knownFigure(usage?.reasoningTokens),
  cost_usd: ({ usage }) => dollars(knownFigure(usage?.costUsd)),
  cost_source: ({ usage }) => usage?.costSource,
  price_source: ({ usage }) => usage?.price?.source,
  price_version: ({ usage }) => usage?.price?.version,
  price_tier: ({ usage }) => usage?.price?.tier,
  estimated: ({ estimated }) => String(estimated),
  state: ({ state }) => state,
  http_status: ({ httpStatus }) => httpStatus,
  duration_ms: ({ durationMs }) => durationMs,
  first_byte_ms: ({ firstByteMs }) => firstByteMs,
};

/** Returns the model calls of runs as CSV (RFC 4180) with a header, in order. What is not known is empty, never 0. */
export function callsCsv(runs: readonly RunFacts[]): string {
  const rows = runs.flatMap(({ runId, calls }) =>
    calls.map((call) => [runId, ...Object.values(COLUMNS).map((cell) => cell(call))]),
  );
  return [["run", ...Object.keys(COLUMNS)], ...rows]
    .map((row) => `${row.map(cellText).join(",")}\r\n`)
    .join("");
}

function cellText(cell: Cell): string {
  const text = String(cell ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Without an exponent, to the pico-dollar. */
function dollars(usd: number | null): string | null {
  if (usd === null) return null;
  const digits = usdToPico(usd).toString().padStart(13, "0");
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, "");
}
