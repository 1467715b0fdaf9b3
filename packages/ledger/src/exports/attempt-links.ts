import type { TaskId } from "@sheaf/core";
import type { AttemptFacts, RunFacts } from "./run-facts.ts";

/** That `to` waits for `from`. */
export interface Dependency {
  readonly from: string;
  readonly to: string;
}

export interface AttemptFinder {
  numbered(taskId: TaskId, attempt: number): AttemptFacts | undefined;
  /** The last attempt of a task that had ended by then. */
  lastBefore(taskId: string, at: number): AttemptFacts | undefined;
}

export function attemptFinder(attempts: readonly AttemptFacts[]): AttemptFinder {
  const byTask = new Map<string, AttemptFacts[]>();
  for (const attempt of attempts) {
    const { taskId } = attempt.started;
    byTask.set(taskId, [...(byTask.get(taskId) ?? []), attempt]);
  }
  return {
    numbered: (taskId, attempt) => byTask.get(taskId)?.findLast(({ started }) => started.attempt === attempt),
    lastBefore: (taskId, at) =>
      byTask.get(taskId)?.findLast(({ finished, endedAt }) => finished !== null && endedAt <= at),
  };
}

/** Which tasks each task is known to depend on, and why: what the caller knows, and what conflicts have shown. */
export function dependenciesOf(
  run: RunFacts,
  dependencies: readonly Dependency[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const before = new Map<string, Map<string, string>>();
  const enter = (to: string, from: string, why: string): void => {
    before.set(to, (before.get(to) ?? new Map<string, string>()).set(from, why));
  };
  for (const { from, to } of dependencies) enter(to, from, "edge");
  for (const [to, conflicts] of run.conflicts) {
    for (const conflict of conflicts) if (conflict.with !== null) enter(to, conflict.with, "conflict");
  }
  return before;
}
