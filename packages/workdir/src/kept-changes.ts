// Changes as plain data, for files that outlive the process.
import type { AppendChange, Change, TaskChange } from "./change.ts";
import type { FileEntry, LinkEntry } from "./tree.ts";

/** Path of bytes that a store keeps under their hash. */
export const NOWHERE = "";

/** A file that a change brings. */
export interface KeptFile {
  readonly kind: "file";
  readonly mode: number;
  /** Absolute path of bytes that lie still, or NOWHERE. */
  readonly path: string;
  readonly size: number;
  /** In ns since 1970; a string, as JSON has no such numbers. */
  readonly mtimeNs: string;
  readonly hash: string | null;
}

/** One change in a form that JSON keeps. */
export type KeptChange =
  | { readonly op: "put"; readonly path: string; readonly entry: KeptFile | LinkEntry }
  | Exclude<Change, { readonly op: "put" }>;

/** What a task did to one path in a form that JSON keeps. */
export type KeptTaskChange =
  | KeptChange
  | { readonly op: "append"; readonly path: string; readonly entry: KeptFile };

/** Returns the file that a change brings, or null. */
export function broughtFile(change: KeptTaskChange): KeptFile | null {
  if (change.op !== "put" && change.op !== "append") return null;
  return change.entry.kind === "file" ? change.entry : null;
}

/** Returns a change that brings a file with another file in its place. */
export const withFile = (change: KeptTaskChange, file: KeptFile): KeptTaskChange =>
  ({ ...change, entry: file }) as KeptTaskChange;

/** Returns changes as plain data. */
export const keepChanges = (changes: readonly Change[]): readonly KeptChange[] => changes.map(keepChange);

function keepChange(change: Change): KeptChange {
  if (change.op !== "put" || change.entry.kind !== "file") return change as KeptChange;
  return { op: "put", path: change.path, entry: keepFile(change.entry) };
}

/** Returns what a task did as plain data. */
export function keepTaskChanges(changes: readonly TaskChange[]): readonly KeptTaskChange[] {
  return changes.map((change) =>
    change.op === "append"
      ? { op: change.op, path: change.path, entry: keepFile(change.entry) }
      : keepChange(change),
  );
}

function keepFile({ mode, content }: FileEntry): KeptFile {
  const { path, size, mtimeNs, hash } = content;
  return { kind: "file", mode, path, size, mtimeNs: String(mtimeNs), hash: hash ?? null };
}

/** Returns the changes that were kept. */
export const restoreChanges = (kept: readonly KeptChange[]): readonly Change[] => kept.map(restoreChange);

function restoreChange(change: KeptChange): Change {
  if (change.op !== "put") return change;
  const { path, entry } = change;
  return { op: "put", path, entry: entry.kind === "link" ? entry : restoreFile(entry) };
}

/** Returns what a task did, as it was kept. */
export function restoreTaskChanges(kept: readonly KeptTaskChange[]): readonly TaskChange[] {
  return kept.map((change): TaskChange => {
    if (change.op !== "append") return restoreChange(change);
    const append: AppendChange = { op: "append", path: change.path, entry: restoreFile(change.entry) };
    return append;
  });
}

function restoreFile({ mode, path, size, mtimeNs, hash }: KeptFile): FileEntry {
  const content = { path, live: false, size, mtimeNs: BigInt(mtimeNs), hash: hash ?? undefined };
  return { kind: "file", mode, content };
}
