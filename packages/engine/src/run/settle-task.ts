// A finished task in its turn: does what it did still hold, and can it be committed?
import { type Conflict, SheafError, type TaskFailure, type TaskId, toWireError } from "@sheaf/core";
import type { CommitResult } from "@sheaf/workdir";
import type { AttemptRecord, World } from "./world.ts";

/** What settling came to. */
export type Settlement =
  | { readonly verdict: "committed" }
  | { readonly verdict: "conflict" }
  | { readonly verdict: "refused"; readonly failure: TaskFailure }
  /** It took the output of a task that has none. */
  | { readonly verdict: "skipped"; readonly from: number };

/** Settles one task; everything before it is settled. */
export async function settleTask(world: World, task: number, record: AttemptRecord): Promise<Settlement> {
  const { id } = world.tasks[task]!;
  const conflicts = [...inputConflicts(world, record), ...(await pathConflicts(world, task, record))];
  if (conflicts.length > 0) {
    world.emit({ type: "task.conflicted", taskId: id, attempt: record.attempt, conflicts });
    return { verdict: "conflict" };
  }
  const missing = missingInput(world, record);
  if (missing !== null) return { verdict: "skipped", from: missing };
  if (record.failure !== null) {
    world.emit({ type: "task.failed", taskId: id, attempt: record.attempt, failure: record.failure });
    return { verdict: "committed" };
  }
  return commit(world, task, record);
}

function inputConflicts(world: World, record: AttemptRecord): readonly Conflict[] {
  return record.taken
    .filter(({ from, hash }) => world.outputs.hash(from) !== hash)
    .map(({ from }) => ({ what: `output of ${from}`, with: from as TaskId }));
}

async function pathConflicts(
  world: World,
  task: number,
  record: AttemptRecord,
): Promise<readonly Conflict[]> {
  // What an untracked task has read is not known: it ran in its turn, or the graph is trusted for it.
  if (record.effects === null || world.workdir === null || !world.tracked[task]) return [];
  const conflicts = await world.workdir.validate(record.effects);
  return conflicts.map(({ path, with: writer }) => ({ what: path, with: writer as TaskId | null }));
}

function missingInput(world: World, record: AttemptRecord): number | null {
  const { failure } = record;
  if (failure?.error.code !== "INPUT_NOT_READY") return null;
  const from = (failure.error.fields?.details as { readonly from?: string } | undefined)?.from;
  return from === undefined ? null : (world.outputs.position(from) ?? null);
}

async function commit(world: World, task: number, record: AttemptRecord): Promise<Settlement> {
  const taskId = world.tasks[task]!.id;
  const { attempt } = record;
  const { workdir } = world;
  let result: CommitResult = { status: "committed", files: 0, bytes: 0, deleted: 0, outside: [] };
  if (workdir !== null && record.effects !== null) result = await workdir.commit(record.effects);
  if (result.status === "refused") {
    const { path, found, written } = result;
    const error = toWireError(new SheafError("WRITE_CLASH", { taskId, path, found, written }));
    const failure: TaskFailure = { kind: "writes", error };
    world.emit({ type: "task.failed", taskId, attempt, failure });
    return { verdict: "refused", failure };
  }
  const { files, bytes, deleted, outside } = result;
  if (outside.length > 0) world.emit({ type: "dir.changed-outside", paths: outside });
  world.emit({ type: "task.committed", taskId, attempt, files, bytes, deleted });
  world.journal.flush();
  return { verdict: "committed" };
}
