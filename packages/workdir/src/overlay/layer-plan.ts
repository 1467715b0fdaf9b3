import type { Change } from "../change.ts";
import { pathParts } from "../relative-path.ts";
import { type FileEntry, type LinkEntry, lookup, type Tree } from "../tree.ts";

/** What a layer folder holds so that it makes one tree of another. */
export interface LayerPlan {
  /** Folders with their modes, parents before children; those on the way too, as the topmost layer decides. */
  readonly folders: ReadonlyMap<string, number>;
  readonly entries: ReadonlyMap<string, FileEntry | LinkEntry>;
  /** Paths that are hidden by whiteouts. */
  readonly gone: ReadonlySet<string>;
}

/** Whatever its mode, the owner of a folder of a view must be able to fill it and to remove it afterwards. */
export const shownMode = (mode: number): number => mode | 0o700;

/**
 * Returns the layer that makes `after` of the tree that these changes were applied to.
 *
 * @param effective as `applyChanges` returned them with `after`
 */
export function layerPlan(after: Tree, effective: readonly Change[]): LayerPlan {
  const folders = new Map<string, number>();
  const entries = new Map<string, FileEntry | LinkEntry>();
  const gone = new Set<string>();
  const lead = (parts: readonly string[]): boolean => {
    for (let i = 1; i <= parts.length; i++) {
      const path = parts.slice(0, i).join("/");
      if (folders.has(path)) continue;
      const entry = lookup(after, path);
      if (entry?.kind !== "dir") return false;
      folders.set(path, shownMode(entry.mode));
    }
    return true;
  };
  for (const { path } of effective) {
    const parts = pathParts(path);
    // Something above it is gone or no folder any more, and hides all that was below.
    if (!lead(parts.slice(0, -1))) continue;
    const entry = lookup(after, path);
    if (entry === undefined) gone.add(path);
    else if (entry.kind === "dir") lead(parts);
    else if (entry.kind !== "frozen") entries.set(path, entry);
  }
  return { folders, entries, gone };
}
