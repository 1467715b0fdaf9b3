import type { RunEvent } from "@sheaf/core";
import { alignColumns } from "./align-columns.ts";
import { formatDuration } from "./duration.ts";
import { oneLine } from "./fit-text.ts";
import { type Palette, palette } from "./palette.ts";
import { phaseOf, type RunTrace, type TaskPhase, type TaskTrace, traceOf } from "./run-trace.ts";
import { generalMoments, type Moment, taskMoments } from "./trace-moments.ts";
import { traceSummary } from "./trace-summary.ts";

export interface TraceTextOptions {
  readonly color: boolean;
  /** Also what agents said, and each model call. */
  readonly verbose: boolean;
}

const PHASE_PAINTS: Readonly<Record<TaskPhase, keyof Palette>> = {
  committed: "good",
  finished: "good",
  failed: "bad",
  failing: "bad",
  skipped: "warn",
  cancelled: "warn",
  running: "strong",
  waiting: "faint",
};

/** Returns what happened in a run, task by task, times relative to its start. Values of outputs are never shown. */
export function traceText(events: readonly RunEvent[], options: TraceTextOptions): string {
  const paint = palette(options);
  const trace = traceOf(events);
  const tasks = [...trace.tasks.values()].flatMap((task) => ["", ...taskLines(trace, task, options)]);
  return [
    ...headLines(trace, paint),
    "",
    ...momentLines(trace, generalMoments(trace), paint),
    ...tasks,
    "",
    ...traceSummary(trace, events, paint),
  ].join("\n");
}

function headLines({ started, startedAt }: RunTrace, paint: Palette): readonly string[] {
  if (started === null) return ["The journal does not tell how the run began."];
  const { runId, mode, dir, limits } = started;
  const when = new Date(startedAt).toISOString().slice(0, 19).replace("T", " ");
  return [
    `${paint.strong(runId)}  ${when} UTC`,
    `  ${dir ?? "no directory"}, mode ${mode}, at most ${limits.maxWorkers} at once`,
  ];
}

function taskLines(trace: RunTrace, task: TaskTrace, options: TraceTextOptions): readonly string[] {
  const paint = palette(options);
  const phase = phaseOf(task);
  const head = `${paint.strong(task.id)}  ${paint[PHASE_PAINTS[phase]](phase)}`;
  return [head, ...momentLines(trace, taskMoments(task, options.verbose), paint)];
}

function momentLines({ startedAt }: RunTrace, moments: readonly Moment[], paint: Palette): readonly string[] {
  const rows = [...moments]
    .sort((a, b) => a.at - b.at)
    .map(({ at, what, text, paint: name = "strong" }) => [
      paint.faint(formatDuration(at - startedAt)),
      name === "strong" ? what : paint[name](what),
      oneLine(text),
    ]);
  return alignColumns(rows, { right: [0] }).map((line) => `  ${line}`);
}
