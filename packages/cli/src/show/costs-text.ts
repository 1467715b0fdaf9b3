import { nameSome } from "@sheaf/core";
import type { CostHeading, CostLine, CostTable, OpenCalls } from "@sheaf/ledger";
import { alignColumns } from "./align-columns.ts";
import { amountText, usdText } from "./cost-text.ts";
import { counted, formatCount } from "./counted.ts";
import { csv } from "./csv.ts";

export interface CostsAsked {
  readonly by: CostHeading;
  /** In ms since 1970; null: all. */
  readonly since: number | null;
}

/** Shows a time to people, `2026-11-22 15:04 UTC`. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Says since when, where that was asked: ` since 2026-11-22 15:04 UTC`. */
export const sinceText = (since: number | null): string =>
  since === null ? "" : ` since ${timeText(since)}`;

/** Names come from whoever answered: what would move the cursor or hide text is shown as a mark. */
export const shownName = (name: string): string => name.replace(/[\p{Cc}\p{Cf}]/gu, "\uFFFD");

/** Returns a bill over many runs as a table. An unknown amount is called unknown. */
export function costsText({ lines, total, memoSavedUsd }: CostTable, { by, since }: CostsAsked): string {
  const saved = memoSavedUsd > 0 ? [`Saved by the memo: ${usdText(memoSavedUsd)}.`] : [];
  if (total.calls + total.unmetered === 0)
    return [`No model calls were recorded${sinceText(since)}.`, ...saved].join("\n");
  const rows = [
    [by, "cost", "calls", "input", "cached", "output"],
    ...lines.map(({ name, ...line }) => row(shownName(name), line)),
    [],
    row("total", total),
  ];
  const notes = [...gapNotes(total), ...saved];
  return [
    `Cost by ${by}${sinceText(since)}:`,
    "",
    ...alignColumns(rows, { right: [1, 2, 3, 4, 5] }),
    ...(notes.length === 0 ? [] : ["", ...notes]),
  ].join("\n");
}

/** Says of what no cost is known, or none exactly. */
export function gapNotes({ unpricedCalls, estimatedCalls, calls, unmetered }: CostLine): readonly string[] {
  return [
    ...(unpricedCalls === 0
      ? []
      : [`No price is known for ${formatCount(unpricedCalls)} of ${counted(calls, "model call")}.`]),
    ...(estimatedCalls === 0
      ? []
      : [`What ${formatCount(estimatedCalls)} of ${counted(calls, "model call")} used is estimated.`]),
    ...(unmetered === 0 ? [] : [`Nobody counted the calls of ${counted(unmetered, "unmetered attempt")}.`]),
  ];
}

/** Says which calls are in no figure, as nobody has told what became of them. */
export function openCallsText(open: readonly OpenCalls[]): string {
  const calls = open.reduce((sum, each) => sum + each.calls, 0);
  const runs = nameSome(open.map(({ run }) => shownName(run)));
  return `Not in it: ${counted(calls, "model call")} under way, or open when the engine was killed, of ${runs}. \`sheaf resume\` books what was open.`;
}

function row(name: string, line: CostLine): readonly string[] {
  const { calls, inputTokens, cachedInputTokens, outputTokens } = line;
  return [name, amountText(line), ...[calls, inputTokens, cachedInputTokens, outputTokens].map(formatCount)];
}

/** Headings of the columns of a bill, for programs. */
export const BILL_COLUMNS: readonly string[] = [
  "usd",
  "partial",
  "calls",
  "unpriced_calls",
  "unmetered",
  "estimated_calls",
  "input_tokens",
  "cached_input_tokens",
  "cache_write_tokens",
  "output_tokens",
  "reasoning_tokens",
];

/** Returns the cells under these headings. */
export function billCells(line: CostLine): readonly (number | boolean | null)[] {
  const { usd, partial, calls, unpricedCalls, unmetered, estimatedCalls } = line;
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = line;
  return [
    ...[usd, partial, calls, unpricedCalls, unmetered, estimatedCalls],
    ...[inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens],
  ];
}

/** Returns a bill over many runs as CSV, without the total. */
export function costsCsv({ lines }: CostTable, by: CostHeading): string {
  return csv(
    [by, ...BILL_COLUMNS],
    lines.map(({ name, ...line }) => [name, ...billCells(line)]),
  );
}
