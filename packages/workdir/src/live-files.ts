// The live directory, one change at a time.
//
// Owns:     the live files, and the note of what state each was left in.
// Does not: decide what is committed, or remember what is under way.
//
// Invariants:
//   P1. A live file is replaced by renaming a complete one over it, never edited.
//   P2. Nothing is written through a link: every folder on the way is checked to be a real folder of the directory.
//   P4. What somebody else put in the way is moved aside and kept, never overwritten.
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Change } from "./change.ts";
import { foldersUpTo, type Sync } from "./disk-sync.ts";
import { type FileStat, fileStat, statOf, unchanged } from "./file-stat.ts";
import { joinPath, pathParts } from "./relative-path.ts";
import type { FileEntry, LinkEntry } from "./tree.ts";

export interface Live {
  /** Absolute path of the shared directory. */
  readonly dir: string;
  /** Folder for the redo file; on the same file system where possible. */
  readonly stateDir: string;
  /** Where files are kept that somebody else had put in the way. */
  readonly asideDir: string;
  /** State in which each path was left. */
  readonly stats: Map<string, FileStat>;
  /** Puts on the disk what a loss of power must leave as it is. */
  readonly sync: Sync;
}

/** Told apart from files of the user, should a kill leave one behind. */
export const TEMPORARY = ".sheaf-publishing-";

/** Makes changes in the live directory and notes whatever it finds there that nobody of the run has left. */
export class LiveEditor {
  readonly #live: Live;
  readonly #realFolders = new Set<string>();
  /** Paths that were not in the state in which they had been left. */
  readonly outside: string[] = [];
  /** Absolute paths of the files that were put and of the folders that were changed. */
  readonly touched: Set<string> = new Set();

  constructor(live: Live) {
    this.#live = live;
  }

  apply(change: Change): void {
    const { path } = change;
    this.#makeWay(path);
    const full = join(this.#live.dir, path);
    this.touched.add(dirname(full));
    if (change.op !== "remove" && change.op !== "rmdir") this.touched.add(full);
    switch (change.op) {
      case "remove":
        this.#yieldTo(path, (now) => !now.isDirectory());
        rmSync(full, { force: true });
        break;
      case "rmdir":
        this.#realFolders.delete(path);
        if (statOf(full)?.isDirectory()) removeFolder(full);
        break;
      case "mkdir":
      case "chmod":
        this.#makeFolder(path);
        chmodSync(full, change.mode);
        break;
      case "put":
        this.#yieldTo(path, (now) => !now.isDirectory());
        placeFile(change.entry, full);
        break;
      default:
        change satisfies never;
    }
    this.#note(path);
  }

  #note(path: string): void {
    const stat = statOf(join(this.#live.dir, path));
    if (stat === undefined) this.#live.stats.delete(path);
    else this.#live.stats.set(path, fileStat(stat));
  }

  // The folders on the way to a path, real ones.
  #makeWay(path: string): void {
    const parts = pathParts(path).slice(0, -1);
    let folder = "";
    for (const part of parts) {
      folder = joinPath(folder, part);
      if (this.#realFolders.has(folder)) continue;
      if (statOf(join(this.#live.dir, folder))?.isDirectory() !== true) {
        this.outside.push(folder);
        this.#makeFolder(folder);
        this.#note(folder);
      }
      this.#realFolders.add(folder);
    }
  }

  #makeFolder(path: string): void {
    const full = join(this.#live.dir, path);
    const now = statOf(full);
    if (now?.isDirectory()) return;
    if (now !== undefined) this.#moveAside(path);
    mkdirSync(full);
    this.touched.add(dirname(full)).add(full);
  }

  // Leaves the path free, or with something that the run itself has left there.
  #yieldTo(path: string, mayStay: (now: { isDirectory(): boolean }) => boolean): void {
    const now = statOf(join(this.#live.dir, path));
    const noted = this.#live.stats.get(path);
    const asLeft =
      now === undefined || noted === undefined
        ? (now === undefined) === (noted === undefined)
        : mayStay(now) && unchanged(fileStat(now), noted);
    if (asLeft) return;
    this.outside.push(path);
    if (now !== undefined) this.#moveAside(path);
  }

  #moveAside(path: string): void {
    const { asideDir, dir } = this.#live;
    let to = join(asideDir, path);
    for (let n = 1; existsSync(to); n++) to = join(asideDir, `${path}.${n}`);
    mkdirSync(dirname(to), { recursive: true });
    renameSync(join(dir, path), to);
    for (const folder of foldersUpTo(to, dirname(asideDir))) this.touched.add(folder);
  }
}

function placeFile(entry: FileEntry | LinkEntry, full: string): void {
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

function removeFolder(full: string): void {
  try {
    rmdirSync(full);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Somebody else has put something into it, or removed it already: it stays as they left it.
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw error;
  }
}
