// Brings the live directory from one committed state to the next, all of it or nothing.
//
// Owns:     the redo file.
// Does not: touch live files itself.
//
// Invariants:
//   P3. Before the first change the whole list lies in the redo file; recovery repeats it, so a kill loses nothing.
//   P5. When a change fails, those before it are taken back and the redo file goes.
//   P6. With durability against the loss of power, all that comes first in this list is on the disk before the next
//       begins: the bytes of the changes and of what takes them back; the redo file; the changes; the record.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Change } from "./change.ts";
import { fromChecksummed, withChecksum } from "./checksummed.ts";
import { type PendingRecord, writeRecord } from "./commit-log.ts";
import { foldersUpTo, replaceFile } from "./disk-sync.ts";
import { type FileStat, statOf } from "./file-stat.ts";
import { type KeptChange, keepChanges, restoreChanges } from "./kept-changes.ts";
import { type Live, LiveEditor, TEMPORARY } from "./live-files.ts";
import { type Step, withOpenFolders } from "./open-folders.ts";
import { unusable } from "./scan.ts";

export interface Published {
  readonly files: number;
  readonly bytes: number;
  readonly deleted: number;
  /** Paths that were not in the state in which they had been left. */
  readonly outside: readonly string[];
}

/** Changes, those that take them back in the order of the changes, and the record that is written when all are made. */
export interface Publication {
  readonly changes: readonly Change[];
  readonly undo: readonly Change[];
  readonly record: PendingRecord;
  /** Absolute path of the folder below which the bytes of both lie. */
  readonly kept: string;
  /** Paths of what else must be on the disk before the commit is. */
  readonly alongside: readonly string[];
}

const REDO = "publishing.json";

type KeptStat = readonly [ino: string, size: number, mode: number, mtimeNs: string, ctimeNs: string];

/** What is being published, for whoever has to finish it. */
interface Redo {
  readonly version: 4;
  readonly changes: readonly KeptChange[];
  /** State in which each path of the changes had been left, or null where there was nothing. */
  readonly before: readonly (KeptStat | null)[];
  readonly record: PendingRecord;
}

const keepStat = (stat: FileStat | undefined): KeptStat | null =>
  stat === undefined
    ? null
    : [String(stat.ino), stat.size, stat.mode, String(stat.mtimeNs), String(stat.ctimeNs)];

const restoreStat = ([ino, size, mode, mtimeNs, ctimeNs]: KeptStat): FileStat => ({
  ...{ ino: BigInt(ino), size, mode, mtimeNs: BigInt(mtimeNs), ctimeNs: BigInt(ctimeNs) },
});

/**
 * Makes these changes in the live directory, all of them even if the process is killed on the way (see `recover`).
 *
 * @throws SheafError DIR_UNUSABLE when one of them cannot be made; the directory is then as it was before.
 */
export function publish(live: Live, publication: Publication): Published {
  const { record, kept, alongside } = publication;
  const given = publication.changes.map((change, i): Step => ({ change, undo: publication.undo[i]! }));
  const steps = withOpenFolders(given, live.stats);
  const changes = steps.map(({ change }) => change);
  const undo = steps.map((step) => step.undo);
  writeRedo(live, { changes, record, before: [...bytesOf([...changes, ...undo], kept), ...alongside] });
  const editor = new LiveEditor(live);
  let bytes = 0;
  for (const [i, change] of changes.entries()) {
    try {
      editor.apply(change);
    } catch (error) {
      takeBack(live, undo.slice(0, i + 1).reverse());
      live.sync(editor.touched);
      rmSync(join(live.stateDir, REDO), { force: true });
      live.sync([live.stateDir]); // what was refused must not be repeated
      throw unusable(live.dir, `${change.path} cannot be written (${codeOf(error)})`, error);
    }
    if (change.op === "put" && change.entry.kind === "file") bytes += change.entry.content.size;
  }
  finish(live, record, editor.touched);
  const count = (op: Change["op"]): number => changes.filter((change) => change.op === op).length;
  return { files: count("put"), bytes, deleted: count("remove"), outside: editor.outside };
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

// As far as that is possible: what cannot be taken back shows as changed from outside at the end of the run.
function takeBack(live: Live, undo: readonly Change[]): void {
  const editor = new LiveEditor(live);
  for (const change of undo) {
    try {
      editor.apply(change);
    } catch {
      // The other files are none the worse for this one.
    }
  }
}

function writeRedo(
  live: Live,
  {
    changes,
    record,
    before,
  }: Pick<Publication, "changes" | "record"> & { readonly before: readonly string[] },
): void {
  const path = join(live.stateDir, REDO);
  const states = changes.map((change) => keepStat(live.stats.get(change.path)));
  const redo: Redo = { version: 4, changes: keepChanges(changes), before: states, record };
  replaceFile(path, withChecksum(redo), { sync: live.sync, before });
}

// That the redo file is gone need not be on the disk: to repeat what it says changes nothing.
function finish(live: Live, record: PendingRecord, touched: Iterable<string>): void {
  writeRecord(record, { sync: live.sync, before: touched });
  rmSync(join(live.stateDir, REDO));
}

/** Files with the bytes of changes, and the folders that lead to them. */
function bytesOf(changes: readonly Change[], kept: string): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const change of changes) {
    if (change.op !== "put" || change.entry.kind !== "file") continue;
    const { path } = change.entry.content;
    for (const each of [path, ...foldersUpTo(path, kept)]) paths.add(each);
  }
  return paths;
}

/**
 * Finishes what a killed process had begun to publish. A change that was made already is left alone, and what somebody
 * else has put in the way since is moved aside and kept.
 *
 * @returns How many changes were looked at; 0 when nothing was left unfinished.
 * @throws SheafError DIR_UNUSABLE with what to do when a change cannot be made.
 */
export function recover(live: Live): number {
  const path = join(live.stateDir, REDO);
  if (!existsSync(path)) return 0;
  const redo = readRedo(live, path);
  const changes = restoreChanges(redo.changes);
  redo.before.forEach((stat, i) => {
    if (stat !== null) live.stats.set(changes[i]!.path, restoreStat(stat));
  });
  const editor = new LiveEditor(live);
  for (const change of changes) {
    const full = join(live.dir, change.path);
    editor.touched.add(full).add(dirname(full)); // whoever was killed may not have put it on the disk
    if (isMade(live, change) || isOver(full, change)) continue;
    try {
      editor.apply(change);
    } catch (error) {
      const cure = `mend that, or remove ${path} to leave the directory as it is`;
      const what = `a run was killed while it published, and ${change.path} cannot be written (${codeOf(error)})`;
      throw unusable(live.dir, `${what}: ${cure}`, error);
    }
  }
  for (const folder of new Set(changes.map((change) => dirname(join(live.dir, change.path))))) sweep(folder);
  live.stats.clear();
  finish(live, redo.record, editor.touched);
  return changes.length;
}

function readRedo(live: Live, path: string): Redo {
  try {
    const redo = fromChecksummed(readFileSync(path, "utf8")) as Redo | undefined;
    if (redo?.version === 4) return redo;
  } catch {
    // Damaged: the sentence below says it as well.
  }
  const problem = `${path} is not what this version of Sheaf leaves there: remove it to leave the directory as it is`;
  throw unusable(live.dir, problem);
}

// Whoever was killed has made this change; its bytes may be gone by now.
function isMade(live: Live, change: Change): boolean {
  if (change.op !== "put" || change.entry.kind !== "file") return false;
  const { content } = change.entry;
  const source = statOf(content.path);
  const now = statOf(join(live.dir, change.path));
  if (source === undefined) return true;
  return now !== undefined && now.ino === source.ino && now.dev === source.dev;
}

// A folder that was opened so that it could be emptied and removed is not made anew for that.
const isOver = (full: string, change: Change): boolean =>
  change.op === "chmod" && statOf(full)?.isDirectory() !== true;

function sweep(folder: string): void {
  const names = statOf(folder)?.isDirectory() === true ? readdirSync(folder) : [];
  for (const name of names) {
    if (name.startsWith(TEMPORARY)) rmSync(join(folder, name), { force: true });
  }
}
