// What a run has committed, each commit with what takes it back.
//
// Owns:     the files below `commits/` in the run's folder.
// Does not: touch the shared directory.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { SheafError } from "@sheaf/core";
import type { Change } from "./change.ts";
import { fromChecksummed, withChecksum } from "./checksummed.ts";
import { replaceFile, type Sync } from "./disk-sync.ts";
import { type KeptChange, keepChanges, restoreChanges } from "./kept-changes.ts";
import { lookup, type Tree } from "./tree.ts";

/** One commit that changed something. */
export interface CommitRecord {
  readonly taskId: string;
  readonly changes: readonly KeptChange[];
  /** Changes that lead back to the tree before it. */
  readonly undo: readonly KeptChange[];
}

/** A record and the file it belongs into; null where a commit was taken back and its file goes. */
export interface PendingRecord {
  readonly file: string;
  readonly record: CommitRecord | null;
}

const FOLDER = "commits";

const fileName = (number: number): string => `${String(number).padStart(6, "0")}.json`;

/**
 * Writes a record, all of it or nothing, or removes it. Doing it again does no harm.
 *
 * @param disk.before paths of what must be on the disk before
 */
export function writeRecord(
  { file, record }: PendingRecord,
  { sync, before }: { readonly sync: Sync; readonly before: Iterable<string> },
): void {
  const folder = dirname(file);
  if (record === null) {
    sync(before);
    rmSync(file, { force: true });
    sync([folder]);
    return;
  }
  const isNew = mkdirSync(folder, { recursive: true }) !== undefined;
  const made = isNew ? [dirname(folder)] : [];
  replaceFile(file, withChecksum(record), { sync, before: [...before, ...made] });
}

/** Returns the changes that lead from the tree after some effective changes back to the tree before them. */
export function undoOf(before: Tree, effective: readonly Change[]): readonly Change[] {
  return effective.map(({ op, path }): Change => {
    const old = lookup(before, path);
    const mode = old?.kind === "dir" ? old.mode : 0o755;
    switch (op) {
      case "put":
      case "remove":
        if (old?.kind === "file" || old?.kind === "link") return { op: "put", path, entry: old };
        return { op: "remove", path }; // a folder that was there comes back by its own change
      case "mkdir":
        return { op: "rmdir", path };
      case "rmdir":
        return { op: "mkdir", path, mode };
      case "chmod":
        return { op: "chmod", path, mode };
      default:
        return op satisfies never;
    }
  });
}

/** The commits of one run. */
export class CommitLog {
  readonly #folder: string;
  #count: number;

  constructor(runDir: string) {
    this.#folder = join(runDir, FOLDER);
    // What a torn write has left behind has another ending.
    this.#count = existsSync(this.#folder)
      ? readdirSync(this.#folder).filter((name) => name.endsWith(".json")).length
      : 0;
  }

  /** Makes the record of the next commit ready; it counts once it is written. */
  next(taskId: string, changes: readonly Change[], undo: readonly Change[]): PendingRecord {
    const record = { taskId, changes: keepChanges(changes), undo: keepChanges(undo) };
    return { file: join(this.#folder, fileName(this.#count++)), record };
  }

  /** The commit that was made ready could not be made. */
  giveUp(): void {
    this.#count -= 1;
  }

  /** All commits, the first one first. @throws SheafError COMMIT_DAMAGED */
  read(): readonly CommitRecord[] {
    return Array.from({ length: this.#count }, (_, i) => readRecord(join(this.#folder, fileName(i))));
  }

  /** Makes ready that the last commit is forgotten. */
  dropLast(): PendingRecord {
    this.#count -= 1;
    return { file: join(this.#folder, fileName(this.#count)), record: null };
  }
}

function readRecord(path: string): CommitRecord {
  if (!existsSync(path)) {
    throw new SheafError("COMMIT_DAMAGED", { path, problem: "it is not there, and later ones are" });
  }
  const record = fromChecksummed(readFileSync(path, "utf8"));
  if (record === undefined) {
    throw new SheafError("COMMIT_DAMAGED", { path, problem: "what it says does not fit its checksum" });
  }
  return record as CommitRecord;
}

/** Returns the commits that a run's folder holds, the first one first. @throws SheafError COMMIT_DAMAGED */
export const readCommits = (runDir: string): readonly CommitRecord[] => new CommitLog(runDir).read();

/** Returns what takes a commit back. */
export const undoChanges = ({ undo }: CommitRecord): readonly Change[] => restoreChanges(undo);
