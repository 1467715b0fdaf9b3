import type { RunEvent, TaskId } from "@sheaf/core";
import type { RunReport } from "@sheaf/engine";
import { type AttemptTrace, lostAttempts, type RunTrace, type TaskTrace, traceOf } from "./run-trace.ts";

/** `wait`: ready, but without a place to run. `lost`: an attempt whose result did not count. `counted`: the one that did. */
export type SpanKind = "wait" | "lost" | "counted";

interface GanttSpan {
  readonly kind: SpanKind;
  /** In ms since the run began. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** One line of a chart. */
export interface GanttRow {
  readonly id: TaskId;
  /** On the critical path. */
  readonly critical: boolean;
  readonly spans: readonly GanttSpan[];
  /** Of the attempt that counted, else of the last one; null for a task that never started. */
  readonly durationMs: number | null;
}

/** Returns the rows of a report in serial order. Only events tell of attempts that did not count. */
export function ganttRows(report: RunReport, events?: Iterable<RunEvent>): readonly GanttRow[] {
  // Of a list that did not run to its end nobody knows the longest chain.
  const critical = new Set(report.status === "succeeded" ? report.timing.criticalPath : []);
  if (events !== undefined) return traceRows(traceOf(events), critical);
  return report.order.map((id) => {
    const { startedMs, endedMs, resources } = report.tasks[id]!;
    if (startedMs === null) return { id, critical: critical.has(id), spans: [], durationMs: null };
    const toMs = endedMs ?? report.timing.wallMs;
    const spans = attemptSpans("counted", { fromMs: startedMs, toMs, queueMs: resources?.queueMs ?? 0 });
    return { id, critical: critical.has(id), spans, durationMs: toMs - startedMs };
  });
}

/** Returns the rows of a run by what happened in it. */
export function traceRows(trace: RunTrace, critical: ReadonlySet<TaskId>): readonly GanttRow[] {
  return [...trace.tasks.values()].map((task) => ({
    id: task.id,
    critical: critical.has(task.id),
    ...taskSpans(task, trace),
  }));
}

function taskSpans(task: TaskTrace, trace: RunTrace): Pick<GanttRow, "spans" | "durationMs"> {
  const lost = new Set<AttemptTrace>(lostAttempts(task));
  const spans = task.attempts.flatMap((attempt) =>
    attemptSpans(lost.has(attempt) ? "lost" : "counted", times(attempt, trace)),
  );
  const shown = task.attempts.findLast((attempt) => !lost.has(attempt)) ?? task.attempts.at(-1);
  if (shown === undefined) return { spans, durationMs: null };
  const { fromMs, toMs } = times(shown, trace);
  return { spans, durationMs: toMs - fromMs };
}

interface Times {
  readonly fromMs: number;
  readonly toMs: number;
  readonly queueMs: number;
}

function times({ started, finished }: AttemptTrace, { startedAt, lastAt }: RunTrace): Times {
  return {
    fromMs: started.at - startedAt,
    toMs: (finished?.at ?? lastAt) - startedAt,
    queueMs: finished?.resources.queueMs ?? 0,
  };
}

function attemptSpans(kind: "lost" | "counted", { fromMs, toMs, queueMs }: Times): readonly GanttSpan[] {
  const span = { kind, fromMs, toMs };
  return queueMs > 0 ? [{ kind: "wait", fromMs: Math.max(0, fromMs - queueMs), toMs: fromMs }, span] : [span];
}
