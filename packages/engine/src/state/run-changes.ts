// What the tasks of a run read and wrote, by what its folder keeps.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Conflict, ObservationKind, RunEvent, TaskId } from "@sheaf/core";
import { readJournal } from "@sheaf/ledger";
import { type CommitRecord, type KeptChange, type KeptTaskChange, readCommits } from "@sheaf/workdir";
import { ExecutionStore, type FoundExecution } from "../run/execution-store.ts";
import { JOURNAL_FILE } from "../run/session.ts";
import { type FileVersion, versionAfter, versionAt } from "./file-version.ts";
import { type Attempts, readAttempts } from "./run-story.ts";

/** What became of one path. */
export interface PathChange {
  readonly sign: "+" | "-" | "~";
  readonly path: string;
  /** Null where there was nothing; undefined where that is not known. */
  readonly before: FileVersion | null | undefined;
  readonly after: FileVersion | null | undefined;
}

/** What an attempt read: all of what it was shown, or what it was observed to look at. */
export type TaskReads =
  | { readonly shown: "everything" | readonly string[] }
  | { readonly observed: readonly { readonly kind: ObservationKind; readonly path: string }[] };

/** What one task did to the shared directory. */
export interface TaskChanges {
  readonly taskId: TaskId;
  readonly attempt: number;
  /** `finished`: it succeeded and is not committed (yet). `dropped`: it failed, or was lost. */
  readonly state: "committed" | "finished" | "dropped";
  /** Null where that was not kept. */
  readonly reads: TaskReads | null;
  readonly changes: readonly PathChange[];
  /** True where only the paths are known, from the journal, the first hundred. */
  readonly pathsOnly: boolean;
}

/** An attempt that had read something that was different in serial order. */
export interface RunConflict {
  readonly taskId: TaskId;
  readonly attempt: number;
  readonly conflicts: readonly Conflict[];
  /** The attempt that was made in its place; null when none was started. */
  readonly rerun: number | null;
}

export interface RunChanges {
  /** The shared directory; null in a run without files. */
  readonly dir: string | null;
  /** Tasks that have had an attempt that ended, in serial order. */
  readonly tasks: readonly TaskChanges[];
  readonly conflicts: readonly RunConflict[];
}

/**
 * Returns what the tasks of a run did.
 *
 * @throws SheafError JOURNAL_DAMAGED
 */
export function readRunChanges(runDir: string): RunChanges {
  const { events } = readJournal(join(runDir, JOURNAL_FILE));
  const attempts = readAttempts(events);
  const kept: Kept = {
    attempts,
    commits: new Map(commitsIn(runDir).map((record) => [record.taskId, record])),
    executions: new ExecutionStore(join(runDir, "executions")).read(),
    written: new Map(),
  };
  const tasks = attempts.order.flatMap((id) => changesOf(id, kept) ?? []);
  return { dir: attempts.dir, tasks, conflicts: conflictsIn(events) };
}

interface Kept {
  readonly attempts: Attempts;
  readonly commits: ReadonlyMap<string, CommitRecord>;
  readonly executions: ReadonlyMap<string, readonly FoundExecution[]>;
  /** What tasks that are not committed have left, by path, up to the one that is looked at. */
  readonly written: Map<string, FileVersion | null>;
}

function commitsIn(runDir: string): readonly CommitRecord[] {
  try {
    readdirSync(join(runDir, "commits"));
  } catch {
    return []; // nothing was committed, or only tasks that changed nothing
  }
  return readCommits(runDir);
}

function changesOf(taskId: TaskId, kept: Kept): TaskChanges | null {
  const { attempts, commits, executions } = kept;
  const record = commits.get(taskId);
  const last = attempts.ended.get(taskId);
  const known = executions.get(taskId) ?? [];
  // The process may have died between a commit and the line that tells of it.
  const untold = record === undefined ? undefined : (known.at(-1)?.attempt ?? last?.attempt);
  const committed = attempts.committed.get(taskId) ?? untold;
  const execution =
    committed === undefined ? known.at(-1) : known.find(({ attempt }) => attempt === committed);
  const attempt = committed ?? execution?.attempt ?? last?.attempt;
  if (attempt === undefined) return null;
  const reads = execution === undefined ? null : readsOf(execution);
  const common = { taskId, attempt, reads };
  if (committed !== undefined) {
    if (record !== undefined)
      return { ...common, state: "committed", changes: committedChanges(record), pathsOnly: false };
    // What finds things as it wants them is committed without a record.
    if (execution !== undefined) return { ...common, state: "committed", changes: [], pathsOnly: false };
  } else if (execution !== undefined && last?.status !== "failed") {
    const changes = execution.effects?.changes.map((change) => foundChange(change, kept)) ?? [];
    return { ...common, state: "finished", changes, pathsOnly: false };
  }
  const paths = last?.changed ?? [];
  const changes = paths.map((path): PathChange => ({ sign: "~", path, before: undefined, after: undefined }));
  return { ...common, state: committed === undefined ? "dropped" : "committed", changes, pathsOnly: true };
}

function readsOf({ effects }: FoundExecution): TaskReads | null {
  if (effects === null) return null;
  const { shown, observed } = effects.reads;
  if (shown === null) return { observed: observed.map(([kind, path]) => ({ kind, path })) };
  return { shown: shown.globs === "everything" ? "everything" : [...shown.globs, ...shown.asked] };
}

function committedChanges({ changes, undo }: CommitRecord): readonly PathChange[] {
  // One change undoes one: where a folder took a file's place the path has two of each.
  return changes.map((change, i) => withSign(change, beforeOf(undo[i])));
}

function beforeOf(undo: KeptChange | undefined): FileVersion | null | undefined {
  return undo === undefined ? undefined : versionAfter(undo);
}

// What is not committed is seen beside what finished tasks before it left, else beside the live directory.
function foundChange(change: KeptTaskChange, { written, attempts }: Kept): PathChange {
  const { path } = change;
  const live = attempts.dir === null ? null : versionAt(join(attempts.dir, path));
  const before = written.has(path) ? written.get(path) : live;
  // What was added is not all that the file holds.
  if (change.op === "append") return { sign: before === null ? "+" : "~", path, before, after: undefined };
  written.set(path, versionAfter(change));
  return withSign(change, before);
}

function withSign(change: KeptChange, before: FileVersion | null | undefined): PathChange {
  const after = versionAfter(change);
  const sign = after === null ? "-" : before === null ? "+" : "~";
  return { sign, path: change.path, before, after };
}

function conflictsIn(events: readonly RunEvent[]): readonly RunConflict[] {
  return events.flatMap((event, i) => {
    if (event.type !== "task.conflicted") return [];
    const { taskId, attempt, conflicts } = event;
    const next = events.slice(i).find((later) => later.type === "attempt.started" && later.taskId === taskId);
    return [{ taskId, attempt, conflicts, rerun: next?.type === "attempt.started" ? next.attempt : null }];
  });
}
