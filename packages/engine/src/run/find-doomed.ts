// Attempts that will run again, found when one ends and not in their turn: what one has written another has read
// without it. Nobody waits for the end, or the turn, of what cannot count, and nobody builds on it.
import type { Conflict } from "@sheaf/core";
import { differencesAfter, type Effects, touches } from "@sheaf/workdir";
import type { LiveAttempt } from "./attempt.ts";
import type { KeptRecords } from "./kept-records.ts";
import { mayReadChanges } from "./may-read-changes.ts";
import { isWatched } from "./tracked-tasks.ts";
import type { ReadSoFar, World } from "./world.ts";

/** So many tasks before and after one that has ended are looked at, beside those that run. */
const MOST_LOOKED_AT = 64;

/** The attempts of a run, of which some have ended. */
export interface RunAttempts {
  readonly live: ReadonlyMap<number, LiveAttempt>;
  readonly records: KeptRecords;
  /** Tells whether the task has an attempt that may still turn out not to count. */
  isOpen(task: number): boolean;
}

export interface DoomedAttempt {
  readonly task: number;
  readonly attempt: number;
  readonly conflicts: readonly Conflict[];
}

interface Reader {
  readonly task: number;
  readonly runs: boolean;
  readonly read: ReadSoFar;
}

/** Finds what the end of an attempt has doomed: itself, or later ones. Its record is kept already. */
export async function* findDoomed(
  world: World,
  task: number,
  attempts: RunAttempts,
): AsyncGenerator<DoomedAttempt> {
  const { live, records, isOpen } = attempts;
  const own = records.get(task);
  if (own.status !== "succeeded" && own.status !== "failed") return;
  for (let writer = Math.max(0, task - MOST_LOOKED_AT); writer < task && isOpen(task); writer++) {
    const reader = { task, runs: false, read: own };
    if (!mayConflict(world, writer, reader, records)) continue;
    const conflicts = await conflictsWith(world, writer, reader, records, []);
    if (conflicts.length === 0 || !isOpen(task)) continue;
    yield { task, attempt: own.attempt, conflicts };
    return; // it will write something else, so that nothing follows from what it wrote
  }
  const end = Math.min(task + 1 + MOST_LOOKED_AT, world.tasks.length);
  const readers: number[] = [];
  for (let later = task + 1; later < end; later++) if (isOpen(later)) readers.push(later);
  for (const later of live.keys()) if (later >= end) readers.push(later);
  const given: Effects[] = [];
  for (const later of readers) {
    if (!isOpen(later)) continue;
    const attempt = live.get(later);
    const record = records.find(later);
    const read = record ?? attempt?.readSoFar();
    if (read === undefined) continue;
    const reader = { task: later, runs: record === undefined, read };
    if (!mayConflict(world, task, reader, records)) continue;
    const conflicts = await conflictsWith(world, task, reader, records, given);
    const isSame = live.get(later) === attempt && records.find(later) === record;
    if (conflicts.length === 0 || !isSame || !isOpen(later)) continue;
    if (record?.effects != null) given.push(record.effects);
    yield { task: later, attempt: read.attempt, conflicts };
  }
}

// By names alone: most tasks have nothing to do with one another, and there are many pairs.
function mayConflict(
  { tasks, tracked }: World,
  writer: number,
  { task, read: { taken, effects } }: Reader,
  records: KeptRecords,
): boolean {
  const written = records.find(writer);
  if (written?.status !== "succeeded") return false;
  if (taken.length > 0 && taken.some(({ from }) => from === tasks[writer]!.id)) return true;
  if (written.effects === null || effects === null || !tracked[task]) return false;
  return mayReadChanges(effects, written.effects.changes);
}

// `given`: what tasks between the two wrote whose attempts have just been given up.
async function conflictsWith(
  world: World,
  writer: number,
  reader: Reader,
  records: KeptRecords,
  given: readonly Effects[],
): Promise<readonly Conflict[]> {
  const written = records.find(writer);
  if (written?.status !== "succeeded") return [];
  const { id } = world.tasks[writer]!;
  const inputs = reader.read.taken
    .filter(({ from, hash }) => from === id && world.outputs.hash(from) !== hash)
    .map(() => `output of ${id}`);
  const paths = written.effects === null ? [] : await changedPaths(world, written.effects, reader);
  if (inputs.length + paths.length === 0) return [];
  // Where a task between the two has written as well, the attempt may have seen what will be there in its turn.
  const between = [...given, ...records.writtenBetween(writer + 1, reader.task)];
  const over = between.flatMap(({ changes }) => changes.map(({ path }) => path));
  const here = paths.filter((path) => !over.some((other) => touches(path, other)));
  return [...inputs, ...here].map((what) => ({ what, with: id }));
}

async function changedPaths(
  world: World,
  written: Effects,
  { task, runs, read: { effects } }: Reader,
): Promise<readonly string[]> {
  if (effects === null || !world.tracked[task]) return [];
  const { reads } = effects;
  const named = world.tasks[task]!.reads ?? [];
  // What a watched task looks at is not known before its end; of what it declares, it surely reads what it names.
  const isKnown = (path: string): boolean =>
    !runs || !isWatched(world, world.works[task]!) || named.includes(path);
  // What cannot be compared now is compared in its turn.
  const paths = await differencesAfter(written, effects).catch(() => []);
  // A folder that both make is none of the two's, see docs/adr/0008; its turn tells, and so it does of policies.
  const isOpen = (path: string): boolean =>
    reads.shown(path) === "presence" || world.workdir!.mayBeSettled(path);
  return paths.filter((path) => !isOpen(path) && isKnown(path));
}
