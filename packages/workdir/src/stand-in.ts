// A frozen folder may hold links that lead back into the directory, as installers make them for the packages of a
// workspace. In a view they must lead into the view. So a view gets, instead of one link to such a folder, a folder
// of links: the rest of it as it is, and these made anew.
import { type Dirent, readdirSync, readlinkSync } from "node:fs";
import { dirname, join, posix, relative, resolve } from "node:path";
import { slices } from "./in-slices.ts";
import { joinPath, pathParts, STATE_FOLDER } from "./relative-path.ts";
import type { Entry, FrozenEntry, StandIn, Tree } from "./tree.ts";
import type { Visible } from "./visible.ts";

/** Mode of the folders that stand in for frozen ones. */
export const STAND_IN_MODE = 0o755;

export interface FrozenPlace {
  /** Absolute real path of the directory. */
  readonly root: string;
  /** Where the frozen folder is in the directory. */
  readonly path: string;
  /** Absolute real path of the live folder. */
  readonly target: string;
  readonly frozen: Visible;
  readonly signal?: AbortSignal | undefined;
}

/** Returns what stands in for a frozen folder in views, or null where a link to it will do. */
export async function standInFor(place: FrozenPlace): Promise<StandIn | null> {
  const back = await linksBack(place);
  if (back.size === 0) return null;
  const folders = new Set([""]);
  for (const path of back.keys()) {
    for (let at = posix.dirname(path); at !== "."; at = posix.dirname(at)) folders.add(at);
  }
  const parts = new Map<string, string | null>();
  for (const folder of [...folders].sort()) {
    if (folder !== "") parts.set(folder, null);
    for (const { name } of entriesOf(join(place.target, folder))) {
      const path = joinPath(folder, name);
      const leads = back.get(path);
      const from = posix.dirname(joinPath(place.path, path));
      if (leads !== undefined) parts.set(path, posix.relative(from, leads) || ".");
      else if (!folders.has(path)) parts.set(path, join(place.target, path));
    }
  }
  return parts;
}

/** Links by path below the frozen folder, with the path in the directory to which each leads. */
async function linksBack({
  root,
  target,
  frozen,
  signal,
}: FrozenPlace): Promise<ReadonlyMap<string, string>> {
  const pause = slices(signal);
  const back = new Map<string, string>();
  const open = [""];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const entry of entriesOf(join(target, folder))) {
      const path = joinPath(folder, entry.name);
      if (entry.isDirectory()) open.push(path);
      if (!entry.isSymbolicLink()) continue;
      const leads = relative(root, resolve(dirname(join(target, path)), readlinkSync(join(target, path))));
      if (isInside(leads) && frozen.shown(leads) !== "all") back.set(path, leads);
    }
    const wait = pause();
    if (wait !== undefined) await wait;
  }
  return back;
}

const isInside = (path: string): boolean => !["..", STATE_FOLDER].includes(path.split("/")[0]!);

// Nothing in it can be looked at by a task either.
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Returns where in the directory a path below a frozen folder leads, or undefined where it stays in there. */
export function leadsBack({ standIn }: FrozenEntry, at: string, path: string): string | undefined {
  for (const [part, target] of standIn ?? []) {
    const link = joinPath(at, part);
    if (target === null || target.startsWith("/") || (path !== link && !path.startsWith(`${link}/`)))
      continue;
    return posix.join(posix.dirname(link), target, path.slice(link.length));
  }
  return undefined;
}

/** Returns the changes without the caches that tools made in a folder that stands in for a frozen one. */
export function withoutToolCaches<C extends { readonly path: string }>(
  changes: readonly C[],
  tree: Tree,
): readonly C[] {
  const isCache = ({ path }: C): boolean => {
    let entry: Entry | undefined = tree;
    for (const part of pathParts(path)) {
      if (entry?.kind === "frozen") return isToolCache(part);
      if (entry?.kind !== "dir") return false;
      entry = entry.children.get(part);
    }
    return false;
  };
  return changes.filter((change) => !isCache(change));
}

/** Tools keep caches in node_modules under hidden names (.cache, .vite); the store of pnpm is no cache. */
export const isToolCache = (name: string): boolean => name.startsWith(".") && name !== ".pnpm";
