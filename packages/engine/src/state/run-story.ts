import type { EventOf, RunEvent, TaskId } from "@sheaf/core";

/** What the journal of a run says about its attempts. */
export interface Attempts {
  readonly dir: string | null;
  /** All tasks, in serial order; where no plan was told of, those of which something is known. */
  readonly order: readonly TaskId[];
  /** The attempt that was committed, by task; what was taken back since is not among them. */
  readonly committed: ReadonlyMap<TaskId, number>;
  /** The end of the last attempt that ended, by task. */
  readonly ended: ReadonlyMap<TaskId, EventOf<"attempt.finished">>;
}

/** Reads a run's events for what became of its attempts. */
export function readAttempts(events: readonly RunEvent[]): Attempts {
  let dir: string | null = null;
  let order: readonly TaskId[] = [];
  const committed = new Map<TaskId, number>();
  const ended = new Map<TaskId, EventOf<"attempt.finished">>();
  for (const event of events) {
    if (event.type === "run.started") dir = event.dir;
    if (event.type === "run.planned") order = event.order;
    if (event.type === "run.resumed") for (const id of event.takenBack) committed.delete(id);
    if (event.type === "task.committed") committed.set(event.taskId, event.attempt);
    if (event.type === "attempt.finished") ended.set(event.taskId, event);
  }
  // A session that was killed while a model was asked has told of no plan. Tasks are committed in serial order.
  if (order.length === 0) order = [...new Set([...committed.keys(), ...ended.keys()])];
  return { dir, order, committed, ended };
}
