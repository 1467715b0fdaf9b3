import type { RunEvent } from "@sheaf/core";
import type { RunReport } from "@sheaf/engine";
import stringWidth from "string-width";
import { counted } from "./counted.ts";
import { formatDuration } from "./duration.ts";
import { fitText, padText } from "./fit-text.ts";
import { type GanttRow, ganttRows, type SpanKind } from "./gantt-rows.ts";
import { type Palette, palette } from "./palette.ts";

export interface ChartOptions {
  /** Columns that a line may take. @default 80 */
  readonly width?: number;
  /** @default false */
  readonly color?: boolean;
}

export interface GanttOptions extends ChartOptions {
  /** The run's events: with them the chart shows the attempts that did not count, too. */
  readonly events?: Iterable<RunEvent>;
}

const MOST_ROWS = 40;
const LONGEST_NAME = 24;
const SIGNS: Readonly<Record<SpanKind, string>> = { wait: "·", lost: "▒", counted: "█" };
// What is drawn over what, where a column stands for several spans.
const RANK: readonly SpanKind[] = ["wait", "lost", "counted"];

/**
 * Draws when each task ran, one line a task in serial order, `*` before those on the critical path. Of more than
 * forty tasks it shows the critical path and the longest.
 */
export function ganttChart(report: RunReport, options: GanttOptions = {}): string {
  return drawGantt(ganttRows(report, options.events), report.timing.wallMs, options);
}

/** Draws rows over a span of time. */
export function drawGantt(
  rows: readonly GanttRow[],
  wallMs: number,
  { width = 80, color = false }: ChartOptions,
): string {
  const shown = chooseRows(rows);
  const paint = palette({ color });
  const nameWidth = Math.min(LONGEST_NAME, Math.max(4, ...shown.map(({ id }) => stringWidth(id))));
  const times = shown.map(({ durationMs }) => (durationMs === null ? "-" : formatDuration(durationMs)));
  const timeWidth = Math.max(...times.map((time) => time.length), 1);
  const columns = Math.max(10, width - nameWidth - timeWidth - 6);
  const endMs = Math.max(wallMs, 1, ...shown.flatMap(({ spans }) => spans.map(({ toMs }) => toMs)));
  const bars = shown.map((row) => drawBar(row, columns / endMs, columns));
  const lines = shown.map((row, i) => {
    const name = padText(fitText(row.id, nameWidth), nameWidth);
    const mark = row.critical ? "*" : " ";
    return `${mark} ${paint.strong(name)}  ${paintBar(bars[i]!, row, paint)}  ${times[i]!.padStart(timeWidth)}`;
  });
  const indent = " ".repeat(nameWidth + 4);
  const hidden = rows.length - shown.length;
  return [
    ...lines,
    paint.faint(`${indent}${drawScale(endMs, columns)}`),
    ...legend(shown, bars).map(paint.faint),
    ...(hidden > 0 ? [paint.faint(`  and ${counted(hidden, "shorter task")}`)] : []),
  ].join("\n");
}

function chooseRows(rows: readonly GanttRow[]): readonly GanttRow[] {
  if (rows.length <= MOST_ROWS) return rows;
  const byWeight = [...rows].sort(
    (a, b) => Number(b.critical) - Number(a.critical) || (b.durationMs ?? 0) - (a.durationMs ?? 0),
  );
  const chosen = new Set(byWeight.slice(0, MOST_ROWS));
  return rows.filter((row) => chosen.has(row));
}

/** Every span takes at least one column. `scale` is columns a millisecond. */
function drawBar({ spans }: GanttRow, scale: number, columns: number): readonly (SpanKind | null)[] {
  const bar = new Array<SpanKind | null>(columns).fill(null);
  for (const kind of RANK) {
    for (const span of spans) {
      if (span.kind !== kind) continue;
      const from = Math.min(columns - 1, Math.floor(span.fromMs * scale));
      const to = Math.min(columns, Math.max(from + 1, Math.round(span.toMs * scale)));
      bar.fill(kind, from, to);
    }
  }
  return bar;
}

function paintBar(bar: readonly (SpanKind | null)[], row: GanttRow, paint: Palette): string {
  let text = "";
  for (let from = 0; from < bar.length; ) {
    const kind = bar[from]!;
    let to = from;
    while (to < bar.length && bar[to] === kind) to += 1;
    const piece = (kind === null ? " " : SIGNS[kind]).repeat(to - from);
    if (kind === "counted") text += row.critical ? paint.good(piece) : piece;
    else text += kind === "lost" ? paint.bad(piece) : paint.faint(piece);
    from = to;
  }
  return text;
}

const STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4];
const LONG_STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1440].map((minutes) => minutes * 60_000);

/** Times along the bottom, as many as stand apart. */
function drawScale(endMs: number, columns: number): string {
  const room = Math.max(2, Math.floor(columns / 10));
  const step =
    [...STEPS_MS, ...LONG_STEPS_MS].find((ms) => endMs / ms <= room) ??
    Math.ceil(endMs / room / 3.6e6) * 3.6e6;
  let line = "";
  for (let ms = 0; ms <= endMs; ms += step) {
    const at = Math.floor((ms / endMs) * columns);
    const label = ms === 0 ? "0" : formatDuration(ms).replace(/\.0s$/, "s");
    if (at + label.length <= columns) line = `${line.padEnd(at)}${label}`;
  }
  return line;
}

function legend(
  rows: readonly GanttRow[],
  bars: readonly (readonly (SpanKind | null)[])[],
): readonly string[] {
  const has = (kind: SpanKind): boolean => bars.some((bar) => bar.includes(kind));
  const parts = [
    ...(rows.some(({ critical }) => critical) ? ["* critical path"] : []),
    ...(has("wait") ? [`${SIGNS.wait} waited`] : []),
    ...(has("lost") ? [`${SIGNS.lost} did not count`] : []),
  ];
  return parts.length === 0 ? [] : [`  ${parts.join("   ")}`];
}
