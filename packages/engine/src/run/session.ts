// What an earlier session of a run has left: how far it came, and what of it need not be done again.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EventOf, nameSome, type RunEvent, SheafError, type Task, type TaskId } from "@sheaf/core";
import { readJournal } from "@sheaf/ledger";
import type { Standing } from "@sheaf/workdir";
import { outputFile } from "../executor/output-files.ts";
import { isFreelyOrdered } from "../tasks/parse-tasks.ts";
import { ExecutionStore, type FoundExecution } from "./execution-store.ts";
import { reordered } from "./reordered.ts";
import type { RunRequest } from "./run-request.ts";
import { taskDefinition } from "./task-definition.ts";
import { attemptKey, toldByJournal } from "./told-by-journal.ts";

const TASKS_FILE = "tasks.json";
export const JOURNAL_FILE = "journal.ndjson";

interface KeptTasks {
  readonly version: 1;
  readonly definitions: readonly string[];
  /** Of a set that is not put in order yet: no task has started. */
  readonly order?: "open";
}

/** A task of the prefix that is not run again. */
export interface DoneTask {
  readonly attempt: number;
  readonly output: Uint8Array;
  readonly finished: EventOf<"attempt.finished"> | null;
  /** What it had read; reads null where that is not known. */
  readonly standing: Standing;
}

/** An earlier session, seen from the one that goes on with it. */
export interface EarlierSession {
  readonly events: readonly RunEvent[];
  /** Tasks at the beginning of the list that are committed and have not changed since. */
  readonly done: readonly DoneTask[];
  /** Attempts that each task has had. */
  readonly attempts: readonly number[];
  /** Finished attempts of the other tasks, to be used where they would read the same. */
  readonly executions: ReadonlyMap<string, readonly FoundExecution[]>;
  /** Commits that stay. */
  readonly commits: number;
  /** Tasks whose commits do not. */
  readonly takenBack: readonly TaskId[];
  /** Tasks with effects that have happened: they are not started again unless somebody says so. */
  readonly happened: readonly TaskId[];
  /** Tasks with effects of which somebody must decide whether they start again. */
  readonly inDoubt: readonly TaskId[];
}

const definitionsOf = ({ tasks, works }: RunRequest): readonly string[] =>
  tasks.map((task, i) => taskDefinition(task, works[i]!));

/** Notes what a run is about, for a session that may go on with it. Returns the path of the note. */
export function keepTasks(runDir: string, request: RunRequest): string {
  const order = request.order === "free" ? ({ order: "open" } as const) : {};
  const kept: KeptTasks = { version: 1, definitions: definitionsOf(request), ...order };
  const path = join(runDir, TASKS_FILE);
  mkdirSync(runDir, { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(kept));
  renameSync(`${path}.new`, path);
  return path;
}

/** Tells whether a run with this folder has begun: what is noted before its first event is there. */
export function hasBegun(runDir: string): boolean {
  return [TASKS_FILE, "tasks", "outputs", "commits"].some((name) => existsSync(join(runDir, name)));
}

/**
 * Returns the request of a set in the order in which the run has begun, where its tasks still allow that. A set that
 * was not put in order yet is still to be.
 */
export function inEarlierOrder(runDir: string, request: RunRequest): RunRequest {
  if (request.order !== "free") return request;
  const { definitions, order } = readKept(runDir, request.runId);
  if (order === "open") return request;
  const byId = new Map<string, Task>(request.tasks.map((task) => [task.id, task]));
  const ids = definitions.map(idOf);
  const tasks = ids.flatMap((id) => byId.get(id) ?? []);
  const isSame = tasks.length === ids.length && ids.length === byId.size;
  return isSame && isFreelyOrdered(tasks) ? reordered(request, tasks, "kept") : { ...request, order: "kept" };
}

const idOf = (definition: string): string => definition.slice(0, definition.indexOf(" "));

/**
 * Returns what earlier sessions of this run have left.
 *
 * @param committed tasks whose changes are in the shared directory, in order
 * @throws SheafError RUN_NOT_RESUMABLE when the run was about other tasks, kept nothing to go on with, or is to keep
 * nothing from now on.
 */
export function earlierSession(
  runDir: string,
  request: RunRequest,
  committed: readonly string[],
): EarlierSession {
  const { runId, tasks, settings, dir } = request;
  const { definitions, order } = readKept(runDir, runId);
  const ids = definitions.map(idOf);
  const named = (all: readonly string[]): string => (order === "open" ? all.toSorted() : all).join("\n");
  if (named(ids) !== named(tasks.map(({ id }) => id))) {
    const problem = `its tasks were ${nameSome(ids)}`;
    throw new SheafError("RUN_NOT_RESUMABLE", { runId, path: runDir, problem });
  }
  if (!settings.trace) {
    const problem = "without `trace` the session after this one would not know what this one has done";
    throw new SheafError("RUN_NOT_RESUMABLE", { runId, path: runDir, problem });
  }
  const { events } = readJournal(join(runDir, JOURNAL_FILE));
  const same = definitionsOf(request).map((definition, i) => definition === definitions[i]);
  const told = toldByJournal(events, committed);
  const kept = new ExecutionStore(join(runDir, "executions")).read();
  const done: DoneTask[] = [];
  for (const [i, { id }] of tasks.entries()) {
    const attempt = told.committed.get(id);
    const output = attempt === undefined || !same[i] ? null : readOutput(runDir, id);
    if (attempt === undefined || output === null) break;
    const execution = kept.get(id)?.find((each) => each.attempt === attempt);
    const standing = { taskId: id, reads: execution?.effects?.reads ?? null };
    done.push({ attempt, output, finished: told.finished.get(attemptKey(id, attempt)) ?? null, standing });
  }
  const rest = tasks.slice(done.length);
  const hasSucceeded = events.some((event) => event.type === "run.finished" && event.status === "succeeded");
  if (hasSucceeded && dir !== null && rest.length > 0) {
    const problem = `it has succeeded, so what would take its tasks back is gone, and "${rest[0]!.id}" is to run again`;
    throw new SheafError("RUN_NOT_RESUMABLE", { runId, path: runDir, problem });
  }
  const executions = executionsOf(kept, rest, told.voided);
  const attempts = tasks.map(({ id }) => told.attempts.get(id) ?? 0);
  const once = rest.filter(({ effects = [], idempotent }) => effects.length > 0 && idempotent !== true);
  const happened = once.filter(({ id }) => told.succeeded.has(id) || executions.has(id)).map(({ id }) => id);
  // A finished attempt that is kept tells that the effects happened.
  const isKept = (id: string): boolean =>
    executions.get(id)?.some(({ attempt }) => attempt === told.attempts.get(id)) === true;
  const isInDoubt = (id: string): boolean => told.doubted.has(id) || (told.open.has(id) && !isKept(id));
  const inDoubt = once.filter(({ id }) => isInDoubt(id)).map(({ id }) => id);
  const stay = new Set(ids.slice(0, done.length));
  const commits = committed.filter((id) => stay.has(id)).length;
  const takenBack = rest.flatMap(({ id }) => (told.committed.has(id) ? [id] : []));
  return { events, done, attempts, executions, commits, takenBack, happened, inDoubt };
}

function executionsOf(
  kept: ReadonlyMap<string, readonly FoundExecution[]>,
  tasks: RunRequest["tasks"],
  voided: ReadonlyMap<string, number>,
): ReadonlyMap<string, readonly FoundExecution[]> {
  const counts = ({ taskId, attempt }: FoundExecution): boolean => attempt > (voided.get(taskId) ?? 0);
  const found = tasks.map(({ id }) => [id, (kept.get(id) ?? []).filter(counts)] as const);
  return new Map(found.filter(([, executions]) => executions.length > 0));
}

function readKept(runDir: string, runId: string): KeptTasks {
  try {
    const kept = JSON.parse(readFileSync(join(runDir, TASKS_FILE), "utf8")) as KeptTasks;
    readFileSync(join(runDir, JOURNAL_FILE));
    return kept;
  } catch {
    const problem = "it kept no journal";
    throw new SheafError("RUN_NOT_RESUMABLE", { runId, path: runDir, problem });
  }
}

function readOutput(runDir: string, id: string): Uint8Array | null {
  try {
    return readFileSync(join(runDir, "outputs", outputFile(id)));
  } catch {
    return null;
  }
}
