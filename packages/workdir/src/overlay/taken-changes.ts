// What an overlay received, as changes of the tree that it showed.
import { join } from "node:path";
import type { Change } from "../change.ts";
import { sameEntry } from "../differences.ts";
import { fileStat, statOf } from "../file-stat.ts";
import { joinPath, pathParts, STATE_FOLDER } from "../relative-path.ts";
import { linkTarget, unusable } from "../scan.ts";
import { fileEntry, takeFile } from "../seal.ts";
import { type DirEntry, type Entry, lookup, type Tree, walk } from "../tree.ts";
import { shownMode } from "./layer-plan.ts";
import type { OverlayChange } from "./mount-protocol.ts";

export interface TakeRequest {
  /** What the overlay showed. */
  readonly snapshot: Tree;
  /** Where the overlay was seen, for messages. */
  readonly at: string;
  readonly upper: string;
  /** As the mount host told them. */
  readonly found: readonly OverlayChange[];
  /** Folder that receives what was written. */
  readonly layer: string;
  /** Nobody can write to the upper folder any more, so its files may be moved instead of copied. */
  readonly mayMove: boolean;
}

const removalOf = (path: string, entry: Entry): Change => ({
  op: entry.kind === "dir" ? "rmdir" : "remove",
  path,
});

/** Returns the removal of an entry and of all below it. */
function removals(path: string, entry: Entry): readonly Change[] {
  const changes = [removalOf(path, entry)];
  if (entry.kind !== "dir") return changes;
  walk(entry, (below, child) => changes.push(removalOf(joinPath(path, below), child)));
  return changes;
}

const ifFolder = (path: string, old: Entry | undefined): readonly Change[] =>
  old?.kind === "dir" ? removals(path, old) : [];

async function fileChanges(
  path: string,
  old: Entry | undefined,
  request: TakeRequest,
): Promise<readonly Change[]> {
  const full = join(request.upper, path);
  const stat = fileStat(statOf(full)!);
  // A file that was merely touched.
  if (await sameEntry(old, fileEntry(stat, full))) return [];
  const entry = takeFile(full, join(request.layer, path), { mode: stat.mode, mayMove: request.mayMove });
  return [...ifFolder(path, old), { op: "put", path, entry }];
}

function linkChanges(path: string, old: Entry | undefined, target: string): readonly Change[] {
  if ((old?.kind === "link" || old?.kind === "frozen") && old.target === target) return [];
  return [...ifFolder(path, old), { op: "put", path, entry: { kind: "link", target } }];
}

function folderChanges(path: string, old: Entry | undefined, mode: number): readonly Change[] {
  if (old?.kind !== "dir") {
    const gone = old === undefined ? [] : removals(path, old);
    return [...gone, { op: "mkdir", path, mode }];
  }
  return mode === shownMode((old as DirEntry).mode) ? [] : [{ op: "chmod", path, mode }];
}

async function changesOf({ path, kind }: OverlayChange, request: TakeRequest): Promise<readonly Change[]> {
  const old = lookup(request.snapshot, path);
  const full = join(request.upper, path);
  switch (kind) {
    case "gone":
      return old === undefined ? [] : removals(path, old);
    case "file":
      return fileChanges(path, old, request);
    case "link":
      return linkChanges(path, old, linkTarget(request.upper, path));
    case "dir":
      return folderChanges(path, old, fileStat(statOf(full)!).mode);
    default:
      return kind satisfies never;
  }
}

/**
 * Returns the changes that an upper folder makes, and takes the bytes that they need into the layer.
 *
 * @throws SheafError DIR_UNUSABLE for a name or a link that is no UTF-8, and a file that
 *   cannot be read or lies in a folder that cannot be entered.
 */
export async function takeChanges(request: TakeRequest): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (const each of request.found) {
    // State folders are no part of a directory.
    if (pathParts(each.path).includes(STATE_FOLDER)) continue;
    if (each.bytes !== undefined) {
      throw unusable(request.at, `it holds a name that is no UTF-8: ${each.path}`);
    }
    try {
      changes.push(...(await changesOf(each, request)));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EACCES") throw error;
      throw unusable(request.at, `${each.path} cannot be read (${code})`, error);
    }
  }
  return changes;
}
