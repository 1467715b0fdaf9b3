// What the journal of earlier sessions tells of each task.
import type { EventOf, FailureKind, RunEvent } from "@sheaf/core";

/** What is known of the tasks of a run, by task. */
export interface Told {
  /** Attempt that counted. */
  readonly committed: Map<string, number>;
  /** Last attempt. */
  readonly attempts: Map<string, number>;
  /** Ends of attempts, by task and attempt; see `attemptKey`. */
  readonly finished: Map<string, EventOf<"attempt.finished">>;
  /** Tasks whose last attempt did not come to its own end, or was not heard of again. */
  readonly open: Set<string>;
  /** Tasks with an attempt that succeeded and that nobody has asked to do again since. */
  readonly succeeded: Set<string>;
  /** Tasks that somebody was asked to decide about, and has not. */
  readonly doubted: Set<string>;
  /** Last attempt before somebody decided that the task is to start again: what it and those before it did is void. */
  readonly voided: Map<string, number>;
}

export const attemptKey = (taskId: string, attempt: number): string => `${taskId} ${attempt}`;

/**
 * Reads the events of a run's earlier sessions.
 *
 * @param published tasks whose changes are in the shared directory
 */
export function toldByJournal(events: readonly RunEvent[], published: readonly string[]): Told {
  const told: Told = {
    ...{ committed: new Map(), attempts: new Map(), finished: new Map(), voided: new Map() },
    ...{ open: new Set(), succeeded: new Set(), doubted: new Set() },
  };
  for (const event of events) take(told, event);
  // The process may have died between a commit and the line that tells of it.
  for (const id of published) if (!told.committed.has(id)) told.committed.set(id, told.attempts.get(id) ?? 1);
  return told;
}

function take(told: Told, event: RunEvent): void {
  switch (event.type) {
    case "attempt.started":
      told.attempts.set(event.taskId, event.attempt);
      told.open.add(event.taskId);
      told.doubted.delete(event.taskId);
      break;
    case "task.reused":
      // One of another run has taken a number, but was not started here.
      told.attempts.set(event.taskId, Math.max(event.attempt, told.attempts.get(event.taskId) ?? 0));
      break;
    case "attempt.finished":
      told.finished.set(attemptKey(event.taskId, event.attempt), event);
      if (!wasCutOff(event)) told.open.delete(event.taskId);
      if (event.status === "succeeded") told.succeeded.add(event.taskId);
      break;
    case "task.failed":
      if (event.failure.error.code === "RUN_IN_DOUBT") told.doubted.add(event.taskId);
      break;
    case "task.committed":
      told.committed.set(event.taskId, event.attempt);
      break;
    case "run.resumed":
      for (const id of event.takenBack) told.committed.delete(id);
      for (const [id, decision] of Object.entries(event.decided ?? {})) decide(told, id, decision);
      break;
    default:
      break;
  }
}

/** Failures that are somebody else's end of an attempt. */
const CUT_OFF: readonly FailureKind[] = ["timeout", "idle", "out-of-memory"];

const wasCutOff = ({ status, failure }: EventOf<"attempt.finished">): boolean =>
  status === "lost" || status === "aborted" || (failure != null && CUT_OFF.includes(failure.kind));

function decide(told: Told, id: string, decision: "again" | "done"): void {
  told.open.delete(id);
  told.doubted.delete(id);
  if (decision === "done") return;
  told.succeeded.delete(id);
  told.voided.set(id, told.attempts.get(id) ?? 0);
}
