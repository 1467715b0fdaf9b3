// The shared directory as a value: an immutable tree. Committing makes a new one that shares what did not change,
// so a snapshot is a reference and two snapshots are compared by looking at what differs.
//
// Invariants:
//   T1. An entry never changes once it is in a tree; a directory's children neither.
//   T2. Bytes at `content.path` never change by the run (they lie in the base, in a layer, or still in the live file,
//       which is kept before it is replaced). That nobody else changes them is checked when they are used.
import { pathParts } from "./relative-path.ts";

/** Bytes that lie still somewhere. `hash` is filled in when first needed. */
export interface Content {
  /** Absolute path. Moves once, when a live file is about to be replaced and its bytes are put aside. */
  path: string;
  /** True while the bytes lie in the live file itself. */
  live: boolean;
  readonly size: number;
  /** Time of last change in ns, as the file had it when it was taken over; a copy's own where the bytes were copied. */
  mtimeNs: bigint;
  /** sha256 in hex, once computed. */
  hash: string | undefined;
}

export interface FileEntry {
  readonly kind: "file";
  /** Permission bits. */
  readonly mode: number;
  readonly content: Content;
}
export interface LinkEntry {
  readonly kind: "link";
  /** As stored in the link; never followed. */
  readonly target: string;
}
export interface DirEntry {
  readonly kind: "dir";
  readonly mode: number;
  readonly children: ReadonlyMap<string, Entry>;
}
/** What a view shows for a frozen folder: by path below it the target of a link, null for a folder; parents first. */
export type StandIn = ReadonlyMap<string, string | null>;

/** A folder that is shared read-only and not copied: views get a link to it, or what stands in for it. */
export interface FrozenEntry {
  readonly kind: "frozen";
  /** Absolute path of the live folder. */
  readonly target: string;
  readonly standIn: StandIn | null;
  /** Tells what lies in it. */
  readonly state: () => Promise<string>;
}
export type Entry = FileEntry | LinkEntry | DirEntry | FrozenEntry;

/** A snapshot of the whole shared directory. */
export type Tree = DirEntry;

export const EMPTY_TREE: Tree = { kind: "dir", mode: 0o755, children: new Map() };

/** Returns the entry at a path, links not followed; `undefined` when there is none. */
export function lookup(tree: Tree, path: string): Entry | undefined {
  let entry: Entry | undefined = tree;
  for (const part of pathParts(path)) {
    if (entry?.kind !== "dir") return undefined;
    entry = entry.children.get(part);
  }
  return entry;
}

/** Returns all that is frozen in a tree. */
export function frozenIn(tree: Tree): readonly { readonly path: string; readonly target: string }[] {
  const found: { path: string; target: string }[] = [];
  walk(tree, (path, entry) => {
    if (entry.kind === "frozen") found.push({ path, target: entry.target });
  });
  return found;
}

/** What an entry is, in words for messages. */
export function describeEntry(entry: Entry | undefined): string {
  switch (entry?.kind) {
    case undefined:
      return "nothing";
    case "file":
      return "a file";
    case "link":
      return "a link";
    case "dir":
      return "a folder";
    case "frozen":
      return "a frozen folder";
    default:
      return entry satisfies never;
  }
}

/** Calls `visit` for every entry below `entry`, parents before children, names in code unit order. */
export function walk(entry: DirEntry, visit: (path: string, entry: Entry) => void): void {
  const stack: { readonly path: string; readonly dir: DirEntry }[] = [{ path: "", dir: entry }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const folders: { path: string; dir: DirEntry }[] = [];
    for (const name of [...top.dir.children.keys()].sort()) {
      const child = top.dir.children.get(name)!;
      const path = top.path === "" ? name : `${top.path}/${name}`;
      visit(path, child);
      if (child.kind === "dir") folders.push({ path, dir: child });
    }
    stack.push(...folders.reverse());
  }
}
