// What a task did to its view, and what that makes of a tree. Pure: the disk follows in publish.ts.
import { sameEntry } from "./differences.ts";
import { pathParts } from "./relative-path.ts";
import {
  type DirEntry,
  describeEntry,
  type Entry,
  type FileEntry,
  type LinkEntry,
  type Tree,
} from "./tree.ts";

/** One difference between a view as it was staged and as the attempt left it. */
export type Change =
  /** A file or link that is new or different. */
  | { readonly op: "put"; readonly path: string; readonly entry: FileEntry | LinkEntry }
  /** A folder that the view did not show before; where one exists already, nothing happens. */
  | { readonly op: "mkdir"; readonly path: string; readonly mode: number }
  /** A folder that was shown has another mode now. */
  | { readonly op: "chmod"; readonly path: string; readonly mode: number }
  /** A file or link that was shown is gone. */
  | { readonly op: "remove"; readonly path: string }
  /** A folder that was shown is gone; it goes only if nothing that the view did not show is left in it. */
  | { readonly op: "rmdir"; readonly path: string };

/** Bytes that are added to a file, whatever it holds then; without one they make it. */
export interface AppendChange {
  readonly op: "append";
  readonly path: string;
  /** The bytes that are added, and the mode of a new file. */
  readonly entry: FileEntry;
}

/** What a task did to one path. Each of these comes to a `Change` in a tree. */
export type TaskChange = Change | AppendChange;

/** Something is in the way of a change that the task could not see. */
export interface Clash {
  readonly path: string;
  readonly found: string;
  readonly written: string;
}

export interface Applied {
  readonly tree: Tree;
  /** What really changes, in an order in which a disk can follow. */
  readonly effective: readonly Change[];
}

interface MutableDir {
  readonly kind: "dir";
  mode: number;
  readonly children: Map<string, Entry>;
}

const RANK: { readonly [Op in Change["op"]]: number } = { remove: 0, rmdir: 1, mkdir: 2, put: 3, chmod: 4 };

// Removals go deepest first, everything else from the top down.
const byTurn = (a: Change, b: Change): number => {
  if (RANK[a.op] !== RANK[b.op]) return RANK[a.op] - RANK[b.op];
  const depth = pathParts(a.path).length - pathParts(b.path).length;
  const turn = a.op === "remove" || a.op === "rmdir" ? -depth : depth;
  return turn !== 0 ? turn : a.path < b.path ? -1 : 1;
};

// Copies each folder at most once, however many changes it holds (T1: trees given away never change).
class TreeEditor {
  readonly root: MutableDir;
  readonly #own = new Set<Entry>();

  constructor(tree: Tree) {
    this.root = this.#copy(tree);
  }

  #copy(dir: DirEntry): MutableDir {
    const copy: MutableDir = { kind: "dir", mode: dir.mode, children: new Map(dir.children) };
    this.#own.add(copy);
    return copy;
  }

  /** Returns the folder at these parts, ready to be changed, or the entry in its way. Makes missing ones on demand. */
  folder(
    parts: readonly string[],
    made?: string[],
  ): MutableDir | { readonly inTheWay: Entry; path: string } | undefined {
    let dir = this.root;
    for (const [i, part] of parts.entries()) {
      const child = dir.children.get(part);
      if (child === undefined) {
        if (made === undefined) return undefined;
        made.push(parts.slice(0, i + 1).join("/"));
      } else if (child.kind !== "dir") return { inTheWay: child, path: parts.slice(0, i + 1).join("/") };
      else if (this.#own.has(child)) {
        dir = child as MutableDir;
        continue;
      }
      const next = this.#copy(child ?? { kind: "dir", mode: 0o755, children: new Map() });
      dir.children.set(part, next);
      dir = next;
    }
    return dir;
  }
}

const WRITTEN: { readonly [Op in Change["op"]]: string } = {
  put: "a file",
  mkdir: "a folder",
  chmod: "a folder",
  remove: "nothing",
  rmdir: "nothing",
};

/**
 * Returns the tree after these changes, or what is in their way.
 *
 * Changes that find things as they want them (a folder that exists, equal bytes, a file already gone) have no effect.
 */
export async function applyChanges(tree: Tree, changes: readonly Change[]): Promise<Applied | Clash> {
  const editor = new TreeEditor(tree);
  const effective: Change[] = [];
  for (const change of [...changes].sort(byTurn)) {
    const parts = pathParts(change.path);
    const name = parts.at(-1)!;
    const writes = change.op === "put" || change.op === "mkdir";
    const made: string[] = [];
    const folder = editor.folder(parts.slice(0, -1), writes ? made : undefined);
    if (folder !== undefined && "inTheWay" in folder) {
      if (!writes) continue;
      return { path: folder.path, found: describeEntry(folder.inTheWay), written: "a folder" };
    }
    for (const path of made) effective.push({ op: "mkdir", path, mode: 0o755 });
    if (folder === undefined) continue;
    const outcome = await applyOne(folder, name, change);
    if (outcome === "clash") {
      const found = describeEntry(folder.children.get(name));
      return { path: change.path, found, written: WRITTEN[change.op] };
    }
    if (outcome === "changed") effective.push(change);
  }
  return { tree: editor.root, effective };
}

async function applyOne(
  folder: MutableDir,
  name: string,
  change: Change,
): Promise<"changed" | "same" | "clash"> {
  const old = folder.children.get(name);
  switch (change.op) {
    case "remove":
      if (old === undefined || old.kind === "dir") return "same";
      if (old.kind === "frozen") return "clash";
      folder.children.delete(name);
      return "changed";
    case "rmdir":
      if (old?.kind !== "dir" || old.children.size > 0) return "same";
      folder.children.delete(name);
      return "changed";
    case "mkdir":
      if (old?.kind === "dir") return "same";
      if (old !== undefined) return "clash";
      folder.children.set(name, { kind: "dir", mode: change.mode, children: new Map() });
      return "changed";
    case "chmod":
      if (old?.kind !== "dir" || old.mode === change.mode) return "same";
      folder.children.set(name, { ...old, mode: change.mode });
      return "changed";
    case "put":
      if (old?.kind === "dir" || old?.kind === "frozen") return "clash";
      if (await sameEntry(old, change.entry)) return "same";
      folder.children.set(name, change.entry);
      return "changed";
    default:
      return change satisfies never;
  }
}
