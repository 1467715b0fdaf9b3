import type { RunLine } from "@sheaf/ledger";
import { alignColumns } from "./align-columns.ts";
import { amountText } from "./cost-text.ts";
import { BILL_COLUMNS, billCells, timeText } from "./costs-text.ts";
import { counted, formatCount } from "./counted.ts";
import { csv } from "./csv.ts";
import { formatDuration } from "./duration.ts";
import { formatAgo } from "./state-table.ts";

export interface RunsAsked {
  /** Most runs with lines of their own. */
  readonly most: number;
  /** In ms since 1970; null: all. */
  readonly since: number | null;
  /** In ms since 1970. */
  readonly now: number;
}

/** Returns runs, the latest first, as a table. */
export function runsText(runs: readonly RunLine[], { most, since, now }: RunsAsked): string {
  if (runs.length === 0)
    return since === null ? "No runs are known here." : `No runs have begun since ${timeText(since)}.`;
  const rows = runs
    .slice(0, most)
    .map((run) => [
      run.id,
      run.removedAt === null ? run.status : `${run.status}, removed`,
      `${formatAgo(now - run.begunAt)} ago`,
      run.wallMs === null ? "" : formatDuration(run.wallMs),
      formatCount(run.tasks),
      amountText(run.cost),
      formatCount(run.cost.calls),
    ]);
  const headings = ["run", "ended", "begun", "took", "tasks", "cost", "calls"];
  const more = runs.length - rows.length;
  return [
    ...alignColumns([headings, ...rows], { right: [3, 4, 5, 6] }),
    ...(more === 0 ? [] : ["", `${counted(more, "earlier run")} not shown; --last N shows more.`]),
  ].join("\n");
}

/** Returns runs as CSV. */
export function runsCsv(runs: readonly RunLine[]): string {
  const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return csv(
    [
      "run",
      "status",
      "dir",
      "begun",
      "last_event",
      "removed",
      "wall_ms",
      "tasks",
      "version",
      ...BILL_COLUMNS,
    ],
    runs.map((run) => [
      ...[run.id, run.status, run.dir, time(run.begunAt), time(run.lastAt), time(run.removedAt)],
      ...[run.wallMs, run.tasks, run.version, ...billCells(run.cost)],
    ]),
  );
}
