import { contentHash } from "./content-hash.ts";
import { joinPath } from "./relative-path.ts";
import type { DirEntry, Entry, Tree } from "./tree.ts";
import { childrenWithin, type Shown, type Visible } from "./visible.ts";

/** Tells whether two entries are the same to a reader: kind, mode, target and bytes; of folders, kind and mode. */
export async function sameEntry(a: Entry | undefined, b: Entry | undefined): Promise<boolean> {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.kind !== b.kind) return false;
  switch (a.kind) {
    case "file": {
      const other = b as typeof a;
      if (a.mode !== other.mode || a.content.size !== other.content.size) return false;
      return (
        a.content === other.content || (await contentHash(a.content)) === (await contentHash(other.content))
      );
    }
    case "link":
      return a.target === (b as typeof a).target;
    case "frozen":
      return a.target === (b as typeof a).target;
    case "dir":
      return a.mode === (b as typeof a).mode;
    default:
      return a satisfies never;
  }
}

const NO_CHILDREN: DirEntry["children"] = new Map();
const childrenOf = (entry: Entry | undefined): DirEntry["children"] =>
  entry?.kind === "dir" ? entry.children : NO_CHILDREN;

async function differsHere(a: Entry | undefined, b: Entry | undefined, shown: Shown): Promise<boolean> {
  if (shown === "nothing") return false;
  if (shown === "all") return !(await sameEntry(a, b));
  // Only that there is a folder (or a link in its place) was shown.
  return a?.kind !== b?.kind || (a?.kind === "link" && !(await sameEntry(a, b)));
}

/** How many differences are looked for, and which do not count. */
export interface DifferenceOptions {
  readonly most: number;
  readonly isIgnored?: (path: string) => boolean | Promise<boolean>;
}

/**
 * Finds where two snapshots differ as far as `seen` shows them. Subtrees that are the same object are skipped,
 * so the work grows with what changed between the snapshots and not with their size.
 *
 * @returns The topmost differing paths, at most `most`.
 */
export async function differences(
  a: Tree,
  b: Tree,
  seen: Visible,
  { most, isIgnored = () => false }: DifferenceOptions,
): Promise<readonly string[]> {
  const found: string[] = [];
  const visit = async (path: string, left: Entry | undefined, right: Entry | undefined): Promise<void> => {
    if (left === right || found.length >= most) return;
    const shown = seen.shown(path);
    if (await differsHere(left, right, shown)) {
      if (!(await isIgnored(path))) found.push(path);
      // All of it was seen, so its difference covers whatever differs below. Of a folder on the way it does not.
      if (shown === "all" && (left?.kind !== "dir" || right?.kind !== "dir")) return;
    }
    const within = seen.within(path);
    const before = childrenOf(left);
    const after = childrenOf(right);
    for (const [name, child] of childrenWithin(before, within)) {
      const other = after.get(name);
      if (child !== other) await visit(joinPath(path, name), child, other);
    }
    for (const [name, child] of childrenWithin(after, within)) {
      if (!before.has(name)) await visit(joinPath(path, name), undefined, child);
    }
  };
  await visit("", a, b);
  return found;
}
