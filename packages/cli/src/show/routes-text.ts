import type { RouteLine, RouteTable } from "@sheaf/ledger";
import { alignColumns } from "./align-columns.ts";
import { amountText, usdText } from "./cost-text.ts";
import { BILL_COLUMNS, billCells, gapNotes, shownName, sinceText } from "./costs-text.ts";
import { counted, formatCount } from "./counted.ts";
import { csv } from "./csv.ts";

export interface RoutesAsked {
  /** In ms since 1970; null: all. */
  readonly since: number | null;
  readonly telemetryFaults: number;
  readonly memoSavedUsd: number;
}

const HEADINGS = ["calls", "input", "cached", "written", "output", "attempts", "again", "failed"];

/** Returns what routes have come to as a table. An unknown amount is called unknown. */
export function routesText(
  { lines, total }: RouteTable,
  { since, telemetryFaults, memoSavedUsd }: RoutesAsked,
): string {
  const rows = [
    ["route", "cost", ...HEADINGS, "models"],
    ...lines.map((line) => row(line)),
    [],
    row({ ...total, models: [] }),
  ];
  const notes = [
    ...gapNotes(total),
    ...(memoSavedUsd > 0 ? [`Saved by the memo: ${usdText(memoSavedUsd)}.`] : []),
    ...(telemetryFaults === 0
      ? []
      : [`Counters could not be kept ${counted(telemetryFaults, "time")}; see \`sheaf trace\` of the runs.`]),
  ];
  return [
    `Cost by route${sinceText(since)}:`,
    "",
    ...alignColumns(rows, { right: [1, ...HEADINGS.map((_, i) => i + 2)] }),
    ...(notes.length === 0 ? [] : ["", ...notes]),
  ].join("\n");
}

const againOf = ({ escalations }: RouteLine): number =>
  escalations.retry + escalations.restart + escalations.conflict;

function row(line: RouteLine): readonly string[] {
  const { calls, inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, attempts, failures } = line;
  const tokens = [inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens];
  return [
    ...[shownName(line.name), amountText(line)],
    ...[calls, ...tokens, attempts, againOf(line), failures].map(formatCount),
    line.models.map(({ name }) => shownName(name)).join(", "),
  ];
}

/** Returns what routes have come to as CSV, without the total. */
export function routesCsv({ lines }: RouteTable): string {
  const escalations = ["retry", "restart", "conflict"] as const;
  return csv(
    ["route", ...BILL_COLUMNS, "pico_usd", "attempts", ...escalations, "failures", "models"],
    lines.map((line) => [
      ...[line.name, ...billCells(line), line.picoUsd, line.attempts],
      ...[...escalations.map((cause) => line.escalations[cause]), line.failures],
      line.models.map(({ name }) => name).join(" "),
    ]),
  );
}
