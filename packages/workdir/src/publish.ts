// Brings the live directory from one committed state to the next.
//
// Owns:     the live files, and the note of what state each was left in.
// Does not: decide what is committed.
//
// Invariants:
//   P1. A live file is replaced by renaming a complete one over it, never edited.
//   P2. Nothing is written through a link: every folder on the way is checked to be a real folder of the directory.
//   P3. Before the first change the whole list lies in the redo file; recovery repeats it, so a kill loses nothing.
//   P4. What somebody else put in the way is moved aside and kept, never overwritten.
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Change } from "./change.ts";
import { type PendingRecord, writeRecord } from "./commit-log.ts";
import { type FileStat, fileStat, statOf, unchanged } from "./file-stat.ts";
import { type KeptChange, keepChanges, restoreChanges } from "./kept-changes.ts";
import { pathParts } from "./relative-path.ts";
import { unusable } from "./scan.ts";

export interface Live {
  /** Absolute path of the shared directory. */
  readonly dir: string;
  /** Folder for the redo file and files on their way; on the same file system where possible. */
  readonly stateDir: string;
  /** Where files are kept that somebody else had put in the way. */
  readonly asideDir: string;
  /** State in which each path was left. */
  readonly stats: Map<string, FileStat>;
}

export interface Published {
  readonly files: number;
  readonly bytes: number;
  readonly deleted: number;
  /** Paths that were not in the state in which they had been left. */
  readonly outside: readonly string[];
}

const REDO = "publishing.json";

// Told apart from files of the user, should a kill leave one behind.
const TEMPORARY = ".sheaf-publishing-";

function requireRealFolders(live: Live, path: string, checked: Set<string>): void {
  let folder = live.dir;
  for (const part of pathParts(path).slice(0, -1)) {
    folder = join(folder, part);
    if (checked.has(folder)) continue;
    const stat = statOf(folder);
    if (stat === undefined || !stat.isDirectory()) {
      throw unusable(live.dir, `${folder} is no folder any more; somebody else changed it during the run`);
    }
    checked.add(folder);
  }
}

function moveAside(live: Live, path: string): void {
  let to = join(live.asideDir, path);
  for (let n = 1; existsSync(to); n++) to = join(live.asideDir, `${path}.${n}`);
  mkdirSync(dirname(to), { recursive: true });
  renameSync(join(live.dir, path), to);
}

// True when the path is as it was left, or its absence is.
function isAsLeft(live: Live, path: string): boolean {
  const now = statOf(join(live.dir, path));
  const noted = live.stats.get(path);
  if (now === undefined || noted === undefined) return (now === undefined) === (noted === undefined);
  return now.isDirectory() || unchanged(fileStat(now), noted);
}

function placeFile(change: Change & { op: "put" }, full: string): void {
  const { entry } = change;
  const near = join(dirname(full), `${TEMPORARY}${process.pid}`);
  rmSync(near, { force: true });
  if (entry.kind === "link") symlinkSync(entry.target, near);
  else {
    try {
      linkSync(entry.content.path, near);
    } catch {
      copyFileSync(entry.content.path, near, constants.COPYFILE_FICLONE);
    }
    chmodSync(near, entry.mode);
  }
  renameSync(near, full);
  // Renaming a file onto another name of itself does nothing and leaves the temporary name.
  rmSync(near, { force: true });
}

function applyToDisk(live: Live, change: Change, checked: Set<string>): void {
  requireRealFolders(live, change.path, checked);
  const full = join(live.dir, change.path);
  switch (change.op) {
    case "remove":
      rmSync(full, { force: true });
      break;
    case "rmdir":
      checked.delete(full);
      removeFolder(full);
      break;
    case "mkdir":
      if (statOf(full)?.isDirectory() !== true) mkdirSync(full);
      chmodSync(full, change.mode);
      break;
    case "chmod":
      chmodSync(full, change.mode);
      break;
    case "put":
      placeFile(change, full);
      break;
    default:
      change satisfies never;
  }
  const stat = statOf(full);
  if (stat === undefined) live.stats.delete(change.path);
  else live.stats.set(change.path, fileStat(stat));
}

function removeFolder(full: string): void {
  try {
    rmdirSync(full);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Somebody else has put something into it, or removed it already: it stays as they left it.
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw error;
  }
}

/**
 * Makes these changes in the live directory, all of them even if the process is killed on the way (see `recover`).
 * The record is written once all of them are made.
 *
 * @throws SheafError DIR_UNUSABLE when a folder on the way is none any more; nothing beyond it is changed.
 */
export function publish(live: Live, changes: readonly Change[], record: PendingRecord | null): Published {
  const outside: string[] = [];
  if (changes.length === 0 && record === null) return { files: 0, bytes: 0, deleted: 0, outside };
  writeRedo(live, { changes: keepChanges(changes), record });
  const checked = new Set<string>();
  let bytes = 0;
  for (const change of changes) {
    if ((change.op === "put" || change.op === "remove") && !isAsLeft(live, change.path)) {
      outside.push(change.path);
      if (statOf(join(live.dir, change.path)) !== undefined) moveAside(live, change.path);
    }
    applyToDisk(live, change, checked);
    if (change.op === "put" && change.entry.kind === "file") bytes += change.entry.content.size;
  }
  finish(live, record);
  const count = (op: Change["op"]): number => changes.filter((change) => change.op === op).length;
  return { files: count("put"), bytes, deleted: count("remove"), outside };
}

/** What is being published, for whoever has to finish it. */
interface Redo {
  readonly changes: readonly KeptChange[];
  readonly record: PendingRecord | null;
}

function writeRedo(live: Live, redo: Redo): void {
  const path = join(live.stateDir, REDO);
  writeFileSync(`${path}.new`, JSON.stringify({ version: 2, ...redo }));
  renameSync(`${path}.new`, path);
}

function finish(live: Live, record: PendingRecord | null): void {
  if (record !== null) writeRecord(record);
  rmSync(join(live.stateDir, REDO));
}

/**
 * Finishes what a killed process had begun to publish. Repeating a change that was made already does no harm.
 *
 * @returns How many changes were repeated; 0 when nothing was left unfinished.
 */
export function recover(live: Live): number {
  const path = join(live.stateDir, REDO);
  if (!existsSync(path)) return 0;
  const { changes: kept, record } = JSON.parse(readFileSync(path, "utf8")) as Redo;
  const changes = restoreChanges(kept);
  const checked = new Set<string>();
  for (const change of changes) {
    const { entry } = change as Partial<Change & { op: "put" }>;
    if (entry?.kind === "file" && !existsSync(entry.content.path)) continue;
    applyToDisk(live, change, checked);
  }
  for (const folder of new Set(changes.map((change) => dirname(join(live.dir, change.path))))) sweep(folder);
  finish(live, record);
  return changes.length;
}

function sweep(folder: string): void {
  const names = statOf(folder)?.isDirectory() === true ? readdirSync(folder) : [];
  for (const name of names) {
    if (name.startsWith(TEMPORARY)) rmSync(join(folder, name), { force: true });
  }
}
