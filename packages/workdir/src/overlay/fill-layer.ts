// Fills folders that are mounted below the views: with a whole tree, or with what makes one tree of another.
import { chmodSync, linkSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { statOf } from "../file-stat.ts";
import { slices } from "../in-slices.ts";
import { checkStill, copyContent } from "../stage.ts";
import { STAND_IN_MODE } from "../stand-in.ts";
import { type Entry, type FileEntry, type StandIn, type Tree, walk } from "../tree.ts";
import { type LayerPlan, shownMode } from "./layer-plan.ts";
import type { Whiteouts } from "./whiteouts.ts";

const MODE_BITS = 0o7777n;

/** Makes a folder with this mode, whatever the umask is. */
export function putFolder(path: string, mode: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}

// Nobody writes to a lower layer, so another name for the bytes will do.
function putFile(path: string, entry: FileEntry): void {
  checkStill(entry.content);
  if ((statOf(entry.content.path)!.mode & MODE_BITS) === BigInt(entry.mode)) {
    try {
      linkSync(entry.content.path, path);
      return;
    } catch {
      // Another file system, or too many names: a copy serves as well.
    }
  }
  copyContent(entry, path);
}

function putLink(full: string, target: string): void {
  if (statOf(full) === undefined) symlinkSync(target, full);
}

function putStandIn(full: string, standIn: StandIn): void {
  putFolder(full, STAND_IN_MODE);
  for (const [path, target] of standIn) {
    if (target === null) putFolder(join(full, path), STAND_IN_MODE);
    else putLink(join(full, path), target);
  }
}

function putMissing(full: string, entry: Entry): void {
  switch (entry.kind) {
    case "dir":
      putFolder(full, shownMode(entry.mode));
      break;
    case "frozen":
      if (entry.standIn === null) putLink(full, entry.target);
      else putStandIn(full, entry.standIn);
      break;
    case "link":
      putLink(full, entry.target);
      break;
    case "file":
      if (entry.content.path !== full) putFile(full, entry);
      break;
    default:
      entry satisfies never;
  }
}

/** Makes a folder show a whole tree: empty, or one that holds the bytes of some of its files in their places. */
export async function fillReplica(folder: string, tree: Tree, signal?: AbortSignal): Promise<void> {
  const missing: { readonly path: string; readonly entry: Entry }[] = [];
  walk(tree, (path, entry) => missing.push({ path, entry }));
  mkdirSync(folder, { recursive: true });
  const pause = slices(signal);
  for (const { path, entry } of missing) {
    putMissing(join(folder, path), entry);
    const wait = pause();
    if (wait !== undefined) await wait;
  }
}

/** Makes a folder the layer of a plan. */
export async function fillLayer(folder: string, plan: LayerPlan, whiteouts: Whiteouts): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const pause = slices();
  for (const [path, mode] of plan.folders) putFolder(join(folder, path), mode);
  for (const [path, entry] of plan.entries) {
    if (entry.kind === "link") symlinkSync(entry.target, join(folder, path));
    else putFile(join(folder, path), entry);
    const wait = pause();
    if (wait !== undefined) await wait;
  }
  for (const path of plan.gone) await whiteouts.put(join(folder, path));
}
