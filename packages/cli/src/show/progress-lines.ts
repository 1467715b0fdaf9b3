import { type Because, type EventOf, nameSome, type RunEvent } from "@sheaf/core";
import { sayBecause } from "@sheaf/engine";
import { askingText } from "./asking-text.ts";
import { counted } from "./counted.ts";
import { formatDuration } from "./duration.ts";
import { failureLine, tookTooEarly } from "./failure-text.ts";
import { oneLine, padText } from "./fit-text.ts";
import { outsideText } from "./outside-text.ts";
import { type Palette, palette } from "./palette.ts";
import { type RunTrace, toldByAttempt } from "./run-trace.ts";
import { sayMerges } from "./say-merges.ts";
import { stagingText } from "./staging-text.ts";

export interface LineOptions {
  /** @default false */
  readonly color?: boolean;
  /** Also what agents say, what tasks wait for, and results that wait to be published. @default false */
  readonly verbose?: boolean;
}

const LONGEST_NAME = 24;

/** What one line says: about whom, which state, and what more. */
interface Saying {
  readonly state: string;
  readonly paint?: keyof Palette;
  readonly text?: string;
}

/** Returns the line that an event is worth, `12.3s  fit  committed  3 files`, or null. `trace` has the event already. */
export function progressLine(trace: RunTrace, event: RunEvent, options: LineOptions = {}): string | null {
  const saying = options.verbose === true ? (say(trace, event) ?? sayMore(event)) : say(trace, event);
  if (saying === null) return null;
  const paint = palette(options);
  const time = padText(formatDuration(event.at - trace.startedAt), 7, "left");
  const width = Math.min(LONGEST_NAME, Math.max(3, trace.nameWidth));
  const name = padText("taskId" in event ? event.taskId : "run", width);
  const state = saying.text === undefined ? saying.state : padText(saying.state, 10);
  const painted = saying.paint === undefined ? state : paint[saying.paint](state);
  const text = saying.text === undefined ? "" : `  ${oneLine(saying.text)}`;
  return `${paint.faint(time)}  ${name}  ${painted}${text}`;
}

/** Returns what an event tells of the run as a whole and should stay readable beside a view that changes, or null. */
export function lastingNote(event: RunEvent, options: LineOptions = {}): string | null {
  const saying = "taskId" in event ? null : sayOfRun(event);
  if (saying === null) return null;
  const paint = palette(options);
  const text = oneLine(saying.text ?? "");
  return saying.paint === undefined ? text : `${paint[saying.paint](saying.state)}  ${text}`;
}

function say(trace: RunTrace, event: RunEvent): Saying | null {
  switch (event.type) {
    case "attempt.started":
      return event.cause === "first"
        ? { state: "started", paint: "faint" }
        : { state: "started", paint: "faint", text: `attempt ${event.attempt} (${event.cause})` };
    case "attempt.finished":
      return sayBadEnd(event);
    case "task.reused":
      return { state: "reused", paint: "good", text: `done in an earlier ${REUSED_FROM[event.from]}` };
    case "task.retrying":
      return { state: "retrying", paint: "warn", text: `in ${formatDuration(event.delayMs)}` };
    case "budget.refused":
      return { state: "refused", paint: "warn", text: event.message };
    case "task.conflicted":
      return { state: "conflict", paint: "warn", text: `${sayConflicts(event)}; runs again` };
    case "task.merged":
      return { state: "merged", paint: "warn", text: sayMerges(event.merges) };
    case "task.committed":
      return { state: "committed", paint: "good", text: sayCommit(trace, event) };
    case "task.failed":
      return toldByAttempt(trace.tasks.get(event.taskId)!, event)
        ? null
        : { state: "failed", paint: "bad", text: failureLine(event.failure) };
    case "task.skipped":
      return { state: "skipped", paint: "warn", text: sayBecause(briefly(event.because)) };
    case "task.cancelled":
      return { state: "cancelled", paint: "warn", text: sayBecause(event.because) };
    default:
      return sayOfRun(event);
  }
}

// What is the matter with the budget other lines have said; here it would stand once for each task.
const briefly = (because: Because): Because =>
  because.reason === "budget" ? { ...because, message: "" } : because;

function sayOfRun(event: RunEvent): Saying | null {
  switch (event.type) {
    case "run.fallback":
      return { state: "warning", paint: "warn", text: event.reason };
    case "analysis.asking":
      return { state: "asking", text: askingText(event) };
    case "analysis.finished":
      return event.warnings.length === 0
        ? null
        : { state: "warning", paint: "warn", text: event.warnings.join(" ") };
    case "run.resumed":
      return { state: "resumed", text: sayResumed(event) };
    case "run.planned":
      return { state: "planned", text: event.summary };
    case "dir.changed-outside":
      return { state: "changed", paint: "warn", text: `from outside: ${outsideText(event)}` };
    case "budget.alert":
      return { state: "budget", paint: "warn", text: event.message };
    case "run.cancelling":
      return { state: "cancelling", paint: "warn", text: event.message };
    default:
      return null;
  }
}

const REUSED_FROM = { resume: "session", memo: "run" } as const;

function sayResumed({ done, takenBack }: EventOf<"run.resumed">): string {
  const kept = `${counted(done, "task")} done before`;
  return takenBack.length === 0 ? kept : `${kept}; taken back: ${nameSome(takenBack)}`;
}

function sayBadEnd({ status, failure, attempt }: EventOf<"attempt.finished">): Saying | null {
  const which = attempt > 1 ? `attempt ${attempt}: ` : "";
  if (status === "lost") {
    const how = failure === null ? "" : `: ${failureLine(failure)}`;
    return { state: "lost", paint: "warn", text: `${which}its worker is gone${how}` };
  }
  if (status !== "failed" || failure === null) return null;
  const text = `${which}${failureLine(failure)}`;
  return tookTooEarly(failure)
    ? { state: "input", paint: "warn", text }
    : { state: "failed", paint: "bad", text };
}

function sayMore(event: RunEvent): Saying | null {
  switch (event.type) {
    case "dir.staged":
      return { state: "staged", text: stagingText(event) };
    case "task.waiting":
      return { state: "waits", paint: "faint", text: event.reason.replace(/^waits /, "") };
    case "attempt.finished":
      return event.status === "succeeded"
        ? { state: "finished", text: formatDuration(event.resources.latencyMs) }
        : null;
    case "attempt.progress": {
      const percent = event.fraction === null ? "" : `${Math.round(event.fraction * 100)}% `;
      return { state: "progress", paint: "faint", text: `${percent}${event.message ?? ""}` };
    }
    case "attempt.logged":
      return { state: "log", paint: "faint", text: event.message };
    default:
      return null;
  }
}

function sayConflicts({ conflicts }: EventOf<"task.conflicted">): string {
  const [first, ...rest] = conflicts;
  const more = rest.length === 0 ? "" : ` and ${rest.length} more`;
  const by = first?.with == null ? "" : ` by ${first.with}`;
  return `${first?.what ?? "what it read"} was changed${by}${more}`;
}

function sayCommit(
  { tasks }: RunTrace,
  { taskId, attempt, files, deleted }: EventOf<"task.committed">,
): string {
  const finished = tasks.get(taskId)?.attempts.find(({ started }) => started.attempt === attempt)?.finished;
  return [
    ...(files > 0 ? [counted(files, "file")] : []),
    ...(deleted > 0 ? [`${deleted} removed`] : []),
    ...(files + deleted === 0 ? ["no files"] : []),
    ...(finished == null ? [] : [`took ${formatDuration(finished.resources.latencyMs)}`]),
  ].join(", ");
}
