import { type AnswerFlaw, type EventOf, nameSome, type RunEvent } from "@sheaf/core";
import { sayBecause } from "@sheaf/engine";
import { askingText } from "./asking-text.ts";
import { usdText } from "./cost-text.ts";
import { counted, formatCount } from "./counted.ts";
import { formatDuration } from "./duration.ts";
import { failureLine, tookTooEarly } from "./failure-text.ts";
import { outsideText } from "./outside-text.ts";
import type { Palette } from "./palette.ts";
import {
  type AttemptTrace,
  type BookedCall,
  type RunTrace,
  type TaskEnd,
  type TaskTrace,
  toldByAttempt,
} from "./run-trace.ts";
import { sayMerges } from "./say-merges.ts";
import { stagingText } from "./staging-text.ts";

/** One line of a trace. */
export interface Moment {
  /** In ms since 1970. */
  readonly at: number;
  readonly what: string;
  readonly text: string;
  readonly paint?: keyof Palette;
}

/** What concerned the run as a whole. */
export function generalMoments({ general }: RunTrace): readonly Moment[] {
  return general.flatMap((event) => generalMoment(event) ?? []);
}

function generalMoment(event: RunEvent): Moment | null {
  const { at } = event;
  switch (event.type) {
    case "run.fallback":
      return { at, what: "warning", text: event.reason, paint: "warn" };
    case "analysis.asking":
      return { at, what: "asking", text: askingText(event) };
    case "analysis.repaired":
      return { at, what: "mended", text: `${event.count} ${REPAIRED[event.kind]}` };
    case "dir.staged":
      return { at, what: "staged", text: stagingText(event) };
    case "analysis.finished": {
      const found = Object.entries(event.edges).map(([source, count]) => `${source} ${count}`);
      const edges = found.length === 0 ? "no dependencies" : `dependencies: ${found.join(", ")}`;
      const kept = event.cached === undefined ? [] : [`${counted(event.cached, "task")} by answers kept`];
      const text = [`${edges} (${formatDuration(event.latencyMs)})`, ...kept, ...event.warnings].join("; ");
      return { at, what: "analyzed", text };
    }
    case "run.planned":
      return { at, what: "planned", text: event.summary };
    case "dir.changed-outside":
      return { at, what: "changed from outside", text: outsideText(event), paint: "warn" };
    case "budget.alert":
      return { at, what: "budget", text: event.message, paint: "warn" };
    case "run.cancelling":
      return { at, what: "cancelling", text: event.message, paint: "warn" };
    case "run.machine": {
      const gib = (event.memoryMiB / 1_024).toFixed(0);
      const text = `${event.processor}, ${counted(event.cores, "core")}, ${gib} GiB, ${Math.round(event.busyPercent)}% busy`;
      return { at, what: "machine", text };
    }
    case "run.finished":
      return { at, what: "finished", text: event.status };
    default:
      return null;
  }
}

/** What follows the count of a flaw in a model's answers. */
const REPAIRED: Readonly<Record<AnswerFlaw, string>> = {
  unreadable: "unreadable, left out",
  unasked: "not asked about, left out",
  unknown: "of unknown tasks, left out",
  itself: "of a task's need of itself, left out",
  later: "of needs of later tasks, left out",
  circular: "needs in a circle with likelier ones, left out",
  twice: "said twice, taken once",
  improbable: "too improbable, left out",
  "too-many": "more than one task may need, left out",
  outvoted: "voted out",
  unproven: "without evidence in the tasks, counted half",
  wrapped: "wrapped in something else, unwrapped",
  cut: "cut off, read as far as it went",
  missing: "missing, asked for again",
};

/** What happened to one task. `verbose` adds what its agent said and each model call. */
export function taskMoments(task: TaskTrace, verbose: boolean): readonly Moment[] {
  const { attempts, waits, retries, end } = task;
  return [
    ...waits.map(({ at, reason }) => ({
      at,
      what: "waits",
      text: reason.replace(/^waits /, ""),
      paint: "faint" as const,
    })),
    ...attempts.flatMap((attempt) => attemptMoments(attempt, verbose)),
    ...retries.map(({ at, delayMs }) => ({
      at,
      what: "retries",
      text: `in ${formatDuration(delayMs)}`,
      paint: "warn" as const,
    })),
    ...(end === null || (end.type === "task.failed" && toldByAttempt(task, end)) ? [] : [endMoment(end)]),
  ];
}

function attemptMoments(attempt: AttemptTrace, verbose: boolean): readonly Moment[] {
  const { started, unmetered, finished, conflicted, merged, refused, said, usage } = attempt;
  const cause = started.cause === "first" ? "" : ` (${started.cause})`;
  const who = started.agent === "command" ? "command" : `agent ${started.agent}`;
  const how = `${started.executor}${unmetered ? ", unmetered" : ""}${cause}`;
  const begun: Moment = {
    at: started.at,
    what: `attempt ${started.attempt}`,
    text: `${who}, ${how}${usage.length === 0 ? "" : `; ${sayUsage(usage)}`}`,
  };
  return [
    begun,
    ...(verbose ? [...said.map(sayingMoment), ...usage.map(usageMoment)] : []),
    ...refused.map(({ at, message }) => ({ at, what: "refused", text: message, paint: "warn" as const })),
    ...(finished === null ? [] : [finishMoment(finished)]),
    ...(conflicted === null ? [] : [conflictMoment(conflicted)]),
    ...(merged === null ? [] : [mergeMoment(merged)]),
  ];
}

function finishMoment(finished: EventOf<"attempt.finished">): Moment {
  const { at, status, failure, because, resources, output, changed } = finished;
  const { latencyMs, queueMs, peakMemoryMiB, vramPeakMiB } = resources;
  const text = [
    `after ${formatDuration(latencyMs)}`,
    ...(queueMs >= 1 ? [`queued ${formatDuration(queueMs)}`] : []),
    ...(peakMemoryMiB === null ? [] : [`${Math.round(peakMemoryMiB)} MiB`]),
    ...(vramPeakMiB === null ? [] : [`${Math.round(vramPeakMiB)} MiB of GPUs`]),
    ...(failure === null ? [] : [failureLine(failure)]),
    ...(because === null ? [] : [sayBecause(because)]),
    ...(output === null ? [] : [`output: ${output}`]),
    ...(changed.length === 0 ? [] : [`changed ${sayPaths(changed)}`]),
  ].join("; ");
  return {
    at,
    what: status,
    text,
    paint: status === "succeeded" ? "strong" : tookTooEarly(failure) ? "warn" : "bad",
  };
}

const MOST_PATHS = 6;

const sayPaths = (paths: readonly string[]): string => nameSome(paths, MOST_PATHS);

function mergeMoment({ at, merges }: EventOf<"task.merged">): Moment {
  return { at, what: "merged", text: sayMerges(merges), paint: "warn" };
}

function conflictMoment({ at, conflicts }: EventOf<"task.conflicted">): Moment {
  const text = conflicts
    .map(
      ({ what, with: writer }) => `read ${what}, changed ${writer === null ? "meanwhile" : `by ${writer}`}`,
    )
    .join("; ");
  return { at, what: "conflict", text, paint: "warn" };
}

function endMoment(end: TaskEnd): Moment {
  const { at } = end;
  switch (end.type) {
    case "task.committed": {
      const removed = end.deleted === 0 ? "" : `, ${end.deleted} removed`;
      const text = `${counted(end.files, "file")}, ${counted(end.bytes, "byte")}${removed}`;
      return { at, what: "committed", text, paint: "good" };
    }
    case "task.failed":
      return { at, what: "failed", text: failureLine(end.failure), paint: "bad" };
    case "task.skipped":
      return { at, what: "skipped", text: sayBecause(end.because), paint: "warn" };
    case "task.cancelled":
      return { at, what: "cancelled", text: sayBecause(end.because), paint: "warn" };
    default:
      return end satisfies never;
  }
}

function sayingMoment(event: AttemptTrace["said"][number]): Moment {
  const { at } = event;
  if (event.type === "attempt.logged") return { at, what: "log", text: event.message, paint: "faint" };
  const percent = event.fraction === null ? "" : `${Math.round(event.fraction * 100)}% `;
  return { at, what: "progress", text: `${percent}${event.message ?? ""}`, paint: "faint" };
}

function sayUsage(events: AttemptTrace["usage"]): string {
  const tokens = events.reduce(
    (sum, { usage }) => sum + (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0),
    0,
  );
  return `${counted(events.length, "model call")}, ${counted(tokens, "token")}`;
}

function usageMoment({ at, usage }: BookedCall): Moment {
  const { model, inputTokens = 0, outputTokens = 0, costUsd } = usage;
  const price = usdText(costUsd ?? null);
  const text = `${model}: ${formatCount(inputTokens)} in, ${formatCount(outputTokens)} out, ${price}`;
  return { at, what: "model call", text, paint: "faint" };
}
