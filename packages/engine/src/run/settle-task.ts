// A finished task in its turn: does what it did still hold, and can it be committed?
import { type Conflict, SheafError, type TaskFailure, type TaskId, toWireError } from "@sheaf/core";
import type { CommitResult, PathConflict, Validation } from "@sheaf/workdir";
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
  const { attempt } = record;
  const changedInputs = inputConflicts(world, record);
  const found = await validated(world, task, record);
  if (changedInputs.length === 0 && found !== null && found.forbidden.length > 0) {
    return refuse(world, { taskId: id, attempt, error: forbiddenWrite(id, found.forbidden[0]!) });
  }
  const conflicts = [...changedInputs, ...(found?.conflicts.map(conflictAt) ?? [])];
  if (conflicts.length > 0) {
    world.emit({ type: "task.conflicted", taskId: id, attempt, conflicts });
    return { verdict: "conflict" };
  }
  const missing = missingInput(world, record);
  if (missing !== null) return { verdict: "skipped", from: missing };
  if (record.failure !== null) {
    world.emit({ type: "task.failed", taskId: id, attempt, failure: record.failure });
    return { verdict: "committed" };
  }
  if (found !== null && found.merges.length > 0) {
    // Before the commit: whoever goes on after a kill must know that there is no other way to this state.
    const merges = found.merges.map(({ policy, ...at }) => ({ policy, ...conflictAt(at) }));
    world.emit({ type: "task.merged", taskId: id, attempt, merges });
    world.journal.flush();
  }
  return commit(world, task, { attempt, effects: found?.effects ?? record.effects });
}

const conflictAt = ({ path, with: writer }: PathConflict): Conflict => ({
  what: path,
  with: writer as TaskId | null,
});

const forbiddenWrite = (taskId: TaskId, { path, with: writer }: PathConflict): SheafError =>
  new SheafError("WRITE_CONFLICT", { taskId, path, with: writer });

function inputConflicts(world: World, record: AttemptRecord): readonly Conflict[] {
  return record.taken
    .filter(({ from, hash }) => world.outputs.hash(from) !== hash)
    .map(({ from }) => ({ what: `output of ${from}`, with: from as TaskId }));
}

async function validated(world: World, task: number, record: AttemptRecord): Promise<Validation | null> {
  // What an untracked task has read is not known: it ran in its turn, or the graph is trusted for it.
  if (record.effects === null || world.workdir === null || !world.tracked[task]) return null;
  return world.workdir.validate(record.effects);
}

function missingInput(world: World, record: AttemptRecord): number | null {
  const { failure } = record;
  if (failure?.error.code !== "INPUT_NOT_READY") return null;
  const from = (failure.error.fields?.details as { readonly from?: string } | undefined)?.from;
  return from === undefined ? null : (world.outputs.position(from) ?? null);
}

interface Refusal {
  readonly taskId: TaskId;
  readonly attempt: number;
  readonly error: SheafError;
}

function refuse(world: World, { taskId, attempt, error }: Refusal): Settlement {
  const failure: TaskFailure = { kind: "writes", error: toWireError(error) };
  world.emit({ type: "task.failed", taskId, attempt, failure });
  return { verdict: "refused", failure };
}

async function commit(
  world: World,
  task: number,
  { attempt, effects }: Pick<AttemptRecord, "attempt" | "effects">,
): Promise<Settlement> {
  const taskId = world.tasks[task]!.id;
  const { workdir, settings, journal, outputs, sync } = world;
  // A session that finds the commit without the output would take the task back.
  const output = outputs.pathsOf(task);
  let result: CommitResult = { status: "committed", files: 0, bytes: 0, deleted: 0, outside: [] };
  if (workdir !== null && effects !== null) result = await workdir.commit(effects, output);
  else sync(output);
  if (result.status === "refused") {
    const { path, found, written } = result;
    return refuse(world, {
      taskId,
      attempt,
      error: new SheafError("WRITE_CLASH", { taskId, path, found, written }),
    });
  }
  const { files, bytes, deleted, outside } = result;
  if (outside.length > 0) world.emit({ type: "dir.changed-outside", paths: outside });
  world.emit({ type: "task.committed", taskId, attempt, files, bytes, deleted });
  if (settings.durability === "power") await journal.sync();
  else journal.flush();
  return { verdict: "committed" };
}
