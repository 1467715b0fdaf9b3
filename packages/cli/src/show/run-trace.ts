// What happened in a run, task by task, gathered from its events. Every view is made from this.
import type { EventOf, RunEvent, TaskId, UsageRecord } from "@sheaf/core";
import { bookedCall } from "@sheaf/ledger";
import stringWidth from "string-width";
import { tookTooEarly } from "./failure-text.ts";

/** A model call that counts. */
export interface BookedCall {
  /** When it was booked, in ms since 1970. */
  readonly at: number;
  readonly usage: UsageRecord;
}

/** One attempt, by its events. */
export interface AttemptTrace {
  readonly started: EventOf<"attempt.started">;
  /** Nobody counted its calls but by what they told. */
  unmetered: boolean;
  finished: EventOf<"attempt.finished"> | null;
  /** Its result was thrown away for these. */
  conflicted: EventOf<"task.conflicted"> | null;
  /** Conflicts of it were settled by policies. */
  merged: EventOf<"task.merged"> | null;
  /** Calls of it that budgets had no room for. */
  readonly refused: EventOf<"budget.refused">[];
  readonly usage: BookedCall[];
  /** What the agent said, in order. */
  readonly said: (EventOf<"attempt.progress"> | EventOf<"attempt.logged">)[];
}

export type TaskEnd =
  | EventOf<"task.committed">
  | EventOf<"task.failed">
  | EventOf<"task.skipped">
  | EventOf<"task.cancelled">;

export interface TaskTrace {
  readonly id: TaskId;
  readonly attempts: AttemptTrace[];
  readonly waits: EventOf<"task.waiting">[];
  readonly retries: EventOf<"task.retrying">[];
  /** How it was settled; null while it is not. */
  end: TaskEnd | null;
}

export interface RunTrace {
  /** In the order of the plan once there is one. */
  readonly tasks: Map<TaskId, TaskTrace>;
  /** Columns of the longest id. */
  nameWidth: number;
  /** What concerns the run as a whole, in order. */
  readonly general: RunEvent[];
  started: EventOf<"run.started"> | null;
  planned: EventOf<"run.planned"> | null;
  finished: EventOf<"run.finished"> | null;
  /** When the first and the last event happened, in ms since 1970. */
  startedAt: number;
  lastAt: number;
}

/** Where a task stands. `finished`: it has an outcome that is not settled yet. */
export type TaskPhase =
  | "waiting"
  | "running"
  | "finished"
  | "failing"
  | "committed"
  | "failed"
  | "skipped"
  | "cancelled";

export function createTrace(): RunTrace {
  return {
    tasks: new Map(),
    nameWidth: 0,
    general: [],
    started: null,
    planned: null,
    finished: null,
    startedAt: 0,
    lastAt: 0,
  };
}

/** Gathers the events of a run. */
export function traceOf(events: Iterable<RunEvent>): RunTrace {
  const trace = createTrace();
  for (const event of events) takeEvent(trace, event);
  return trace;
}

/** Adds the run's next event. */
export function takeEvent(trace: RunTrace, event: RunEvent): void {
  if (trace.startedAt === 0) trace.startedAt = event.at;
  trace.lastAt = event.at;
  if (event.type === "run.started") trace.started = event;
  if (event.type === "run.finished") trace.finished = event;
  if (event.type === "run.planned") {
    trace.planned = event;
    putInOrder(trace, event.order);
  }
  if (!("taskId" in event)) {
    trace.general.push(event);
    return;
  }
  const task = taskTrace(trace, event.taskId);
  switch (event.type) {
    case "task.waiting":
      task.waits.push(event);
      return;
    case "task.retrying":
      task.retries.push(event);
      return;
    case "task.committed":
    case "task.failed":
    case "task.skipped":
    case "task.cancelled":
      task.end = event;
      return;
    case "attempt.started":
      task.attempts.push({
        started: event,
        unmetered: event.unmetered === true,
        finished: null,
        conflicted: null,
        merged: null,
        refused: [],
        usage: [],
        said: [],
      });
      return;
    default:
      takeAttemptEvent(task, event);
  }
}

type AttemptEvent = Extract<RunEvent, { readonly attempt: number }>;

function takeAttemptEvent(task: TaskTrace, event: AttemptEvent): void {
  // A reader may have joined late, or usage may come after all else: then there is no attempt to put it to.
  const attempt = task.attempts.findLast(({ started }) => started.attempt === event.attempt);
  if (attempt === undefined) return;
  switch (event.type) {
    case "attempt.unmetered":
      attempt.unmetered = true;
      return;
    case "attempt.finished":
      attempt.finished = event;
      return;
    case "task.conflicted":
      attempt.conflicted = event;
      return;
    case "task.merged":
      attempt.merged = event;
      return;
    case "budget.refused":
      attempt.refused.push(event);
      return;
    case "attempt.usage":
    case "llm.finished": {
      const usage = bookedCall(event);
      if (usage !== null) attempt.usage.push({ at: event.at, usage });
      return;
    }
    case "attempt.progress":
    case "attempt.logged":
      attempt.said.push(event);
      return;
  }
}

// While a model was asked, tasks may have started before there was a plan.
function putInOrder(trace: RunTrace, order: readonly TaskId[]): void {
  const inOrder = order.map((id) => taskTrace(trace, id));
  trace.tasks.clear();
  for (const task of inOrder) trace.tasks.set(task.id, task);
}

function taskTrace(trace: RunTrace, id: TaskId): TaskTrace {
  let task = trace.tasks.get(id);
  if (task === undefined) {
    task = { id, attempts: [], waits: [], retries: [], end: null };
    trace.tasks.set(id, task);
    trace.nameWidth = Math.max(trace.nameWidth, stringWidth(id));
  }
  return task;
}

/** Tells where a task stands after the events so far. */
export function phaseOf({ end, attempts, retries }: TaskTrace): TaskPhase {
  switch (end?.type) {
    case "task.committed":
      return "committed";
    case "task.failed":
      return "failed";
    case "task.skipped":
      return "skipped";
    case "task.cancelled":
      return "cancelled";
  }
  const last = attempts.at(-1);
  if (last === undefined || last.conflicted !== null) return "waiting";
  if (last.finished === null) return "running";
  if (last.finished.status === "succeeded") return "finished";
  if (last.finished.status === "aborted") return "cancelled";
  // It will run again, or be skipped: its own work has not failed.
  if (tookTooEarly(last.finished.failure)) return "waiting";
  return retries.at(-1)?.attempt === last.started.attempt ? "waiting" : "failing";
}

/** Tells whether a task's failure is the one with which its attempt ended, so that there is nothing new in it. */
export function toldByAttempt({ attempts }: TaskTrace, { attempt }: EventOf<"task.failed">): boolean {
  const ended = attempts.find(({ started }) => started.attempt === attempt)?.finished;
  return ended?.status === "failed" && ended.failure !== null;
}

/** The attempts whose results did not count. */
export function lostAttempts({ attempts, end }: TaskTrace): readonly AttemptTrace[] {
  return attempts.filter(
    ({ started, finished, conflicted }) =>
      conflicted !== null ||
      (finished !== null && finished.status !== "succeeded") ||
      (end?.type === "task.committed" && end.attempt !== started.attempt),
  );
}
