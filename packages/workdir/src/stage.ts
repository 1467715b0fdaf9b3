// Makes a view: what an attempt is shown of a snapshot, as real files in a folder of its own.
import { chmodSync, constants, copyFileSync, mkdirSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { SheafError } from "@sheaf/core";
import { type FileStat, fileStat, statOf, toDate } from "./file-stat.ts";
import { slices } from "./in-slices.ts";
import { joinPath } from "./relative-path.ts";
import { STAND_IN_MODE } from "./stand-in.ts";
import type { Content, DirEntry, Entry, FileEntry, StandIn, Tree } from "./tree.ts";
import { childrenWithin, type Visible } from "./visible.ts";

/** One entry as it was put into a view. */
export interface StagedEntry {
  readonly entry: Entry;
  readonly stat: FileStat;
  /** The file shares its bytes with other views: a write in place reaches those too. */
  readonly linked: boolean;
}

/** Everything that was put into a view, by path. */
export type Staged = Map<string, StagedEntry>;

/** Private files that views may link to, made once for each content. */
export interface LinkSource {
  /** Makes a link to a private file with these bytes and this mode. */
  link(entry: FileEntry, to: string): void;
}

export interface Staging {
  readonly root: string;
  readonly staged: Staged;
  /** Decides for one file whether a link will do; null when links are never used. */
  readonly links: { readonly source: LinkSource; readonly mayLink: (path: string) => boolean } | null;
}

/** Tells whether bytes that must lie still are there, in the state in which they were taken over. */
export function liesStill({ path, mtimeNs, size }: Content): boolean {
  const stat = statOf(path);
  return stat !== undefined && stat.mtimeNs === mtimeNs && Number(stat.size) === size;
}

/** Throws when bytes that must lie still have moved: somebody edited a file of the directory in place. */
export function checkStill(content: Content): void {
  if (liesStill(content)) return;
  throw new SheafError("CHANGED_OUTSIDE", { dir: content.path, paths: [content.path] });
}

/** Copies a file's bytes, mode and time. */
export function copyContent(entry: FileEntry, to: string): void {
  copyFileSync(entry.content.path, to, constants.COPYFILE_FICLONE);
  chmodSync(to, entry.mode);
  const time = toDate(entry.content.mtimeNs);
  utimesSync(to, time, time);
}

function putFile(path: string, entry: FileEntry, staging: Staging): boolean {
  const full = join(staging.root, path);
  const { links } = staging;
  if (links?.mayLink(path) === true) {
    links.source.link(entry, full);
    return true;
  }
  checkStill(entry.content);
  copyContent(entry, full);
  return false;
}

function putStandIn(path: string, standIn: StandIn, staging: Staging): void {
  const putFolder = (at: string): void =>
    putEntry(at, { kind: "dir", mode: STAND_IN_MODE, children: new Map() }, staging);
  putFolder(path);
  for (const [part, target] of standIn) {
    const at = joinPath(path, part);
    if (target === null) putFolder(at);
    else putEntry(at, { kind: "link", target }, staging);
  }
}

/** Puts one entry into a view, without what is below it. Its parent must be there. */
export function putEntry(path: string, entry: Entry, staging: Staging): void {
  const full = join(staging.root, path);
  let linked = false;
  switch (entry.kind) {
    case "dir":
      mkdirSync(full);
      // Whatever its mode, the owner must be able to fill it and to remove it afterwards.
      chmodSync(full, entry.mode | 0o700);
      break;
    case "frozen":
      if (entry.standIn !== null) {
        putStandIn(path, entry.standIn, staging);
        return;
      }
      symlinkSync(entry.target, full);
      break;
    case "link":
      symlinkSync(entry.target, full);
      break;
    case "file":
      linked = putFile(path, entry, staging);
      break;
    default:
      entry satisfies never;
  }
  staging.staged.set(path, { entry, stat: fileStat(statOf(full)!), linked });
}

/**
 * Fills a view with what `shown` shows of a snapshot.
 *
 * @throws SheafError CHANGED_OUTSIDE when a file of the directory was edited in place during the run.
 */
export async function stageTree(
  tree: Tree,
  shown: Visible,
  staging: Staging,
  signal?: AbortSignal,
): Promise<void> {
  const pause = slices(signal);
  const fill = async (folder: string, dir: DirEntry): Promise<void> => {
    for (const [name, entry] of childrenWithin(dir.children, shown.within(folder))) {
      const path = joinPath(folder, name);
      const seen = shown.shown(path);
      // What is below a frozen folder cannot be shown by itself.
      if (seen === "all" || (seen === "presence" && entry.kind !== "file")) {
        ensureFolder(tree, folder, staging);
        if (!staging.staged.has(path)) putEntry(path, entry, staging);
      }
      if (entry.kind === "dir") await fill(path, entry);
      const wait = pause();
      if (wait !== undefined) await wait;
    }
  };
  await fill("", tree);
}

/** Puts the folders that lead to a path into the view, as far as the snapshot has them and the view does not. */
export function ensureFolder(tree: Tree, folder: string, staging: Staging): void {
  if (folder === "" || staging.staged.has(folder)) return;
  let dir: Entry = tree;
  let path = "";
  for (const part of folder.split("/")) {
    if (dir.kind !== "dir") return;
    const child = dir.children.get(part);
    path = joinPath(path, part);
    if (child?.kind !== "dir") return;
    if (!staging.staged.has(path) && statOf(join(staging.root, path)) === undefined) {
      putEntry(path, child, staging);
    }
    dir = child;
  }
}
