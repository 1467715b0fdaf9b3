// Attempts of which a commit has shown that they will run again, so that nobody waits for their end or their turn.
import type { Conflict, TakenInput } from "@sheaf/core";
import type { Effects } from "@sheaf/workdir";
import type { LiveAttempt } from "./attempt.ts";
import type { KeptRecords } from "./kept-records.ts";
import { isWatched } from "./tracked-tasks.ts";
import type { AttemptRecord, World } from "./world.ts";

/** So many tasks after the committed one are looked at, beside those that run: the next ones to be settled. */
const MOST_LOOKED_AT = 64;

/** What is known of the reads of an attempt. */
export interface ReadSoFar {
  readonly attempt: number;
  readonly taken: readonly TakenInput[];
  readonly effects: Effects | null;
}

/** A task that was committed just now. */
interface Commit {
  readonly writer: number;
  readonly record: AttemptRecord;
}

export interface LaterAttempts {
  readonly live: ReadonlyMap<number, LiveAttempt>;
  readonly records: KeptRecords;
  /** Tells whether the task has an attempt that may still turn out not to count. */
  isOpen(task: number): boolean;
}

export interface DoomedAttempt {
  readonly task: number;
  readonly attempt: number;
  /** Null while it runs. */
  readonly record: AttemptRecord | null;
  readonly conflicts: readonly Conflict[];
}

/** Finds the later attempts that have read what a commit has changed. Reads are compared by value. */
export async function* findDoomed(
  world: World,
  commit: Commit,
  later: LaterAttempts,
): AsyncGenerator<DoomedAttempt> {
  const first = commit.writer + 1;
  const end = Math.min(first + MOST_LOOKED_AT, world.tasks.length);
  const near = Array.from({ length: end - first }, (_, i) => first + i);
  const dropped: Effects[] = [];
  for (const task of new Set([...near, ...later.live.keys()])) {
    const live = later.live.get(task);
    const record = live === undefined ? (later.records.find(task) ?? null) : null;
    const read = live?.readSoFar() ?? record;
    if (read === null || !later.isOpen(task)) continue;
    const between = (): readonly Effects[] => [...dropped, ...later.records.writtenBetween(first, task)];
    const reader = { task, runs: record === null, effects: read.effects, between };
    const conflicts = [
      ...inputConflicts(world, commit, read),
      ...(await pathConflicts(world, commit, reader)),
    ];
    const hasChanged =
      later.live.get(task) !== live || (record !== null && later.records.find(task) !== record);
    if (conflicts.length === 0 || hasChanged || !later.isOpen(task)) continue;
    if (record?.effects != null) dropped.push(record.effects);
    yield { task, attempt: read.attempt, record, conflicts };
  }
}

function inputConflicts({ tasks, outputs }: World, { writer }: Commit, { taken }: ReadSoFar): Conflict[] {
  const { id } = tasks[writer]!;
  return taken
    .filter(({ from, hash }) => from === id && outputs.hash(from) !== hash)
    .map(() => ({ what: `output of ${id}`, with: id }));
}

interface Reader {
  readonly task: number;
  readonly runs: boolean;
  readonly effects: Effects | null;
  /** Returns what tasks between the two have written, also those that run again. */
  readonly between: () => readonly Effects[];
}

async function pathConflicts(
  world: World,
  { writer, record }: Commit,
  { task, runs, effects, between }: Reader,
): Promise<Conflict[]> {
  if (world.workdir === null || effects === null || !world.tracked[task]) return [];
  if (record.effects === null || record.effects.changes.length === 0) return [];
  const { id } = world.tasks[writer]!;
  const all = await world.workdir.validate(effects);
  const here = all.filter((each) => each.with === id && (!runs || isRead(world, task, effects, each.path)));
  if (here.length === 0) return [];
  // Where a task between the two has written as well, the attempt may have seen what will be there in its turn.
  const over = between().flatMap(({ changes }) => changes.map(({ path }) => path));
  return here
    .filter(({ path }) => !over.some((other) => touches(path, other)))
    .map(({ path }) => ({ what: path, with: id }));
}

// Whether a running task makes a folder itself is not known before its end, nor what a watched one looks at: of what
// that one declares it surely reads what it names without a wildcard.
function isRead(world: World, task: number, { reads }: Effects, path: string): boolean {
  if (reads.sawPresenceOf(path)) return false;
  const named = world.tasks[task]!.reads ?? [];
  return !isWatched(world, world.works[task]!) || named.includes(path);
}

const touches = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
