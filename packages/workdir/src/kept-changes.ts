// Changes as plain data, for files that outlive the process.
import type { Change } from "./change.ts";
import type { FileEntry, LinkEntry } from "./tree.ts";

interface KeptFile {
  readonly kind: "file";
  readonly mode: number;
  /** Absolute path of bytes that lie still. */
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

/** Returns changes as plain data. */
export function keepChanges(changes: readonly Change[]): readonly KeptChange[] {
  return changes.map((change): KeptChange => {
    if (change.op !== "put" || change.entry.kind !== "file") return change as KeptChange;
    const { mode, content } = change.entry;
    const { path, size, mtimeNs, hash } = content;
    const entry: KeptFile = { kind: "file", mode, path, size, mtimeNs: String(mtimeNs), hash: hash ?? null };
    return { op: "put", path: change.path, entry };
  });
}

/** Returns the changes that were kept. */
export function restoreChanges(kept: readonly KeptChange[]): readonly Change[] {
  return kept.map((change): Change => {
    if (change.op !== "put") return change;
    return { op: "put", path: change.path, entry: restoreEntry(change.entry) };
  });
}

function restoreEntry(entry: KeptFile | LinkEntry): FileEntry | LinkEntry {
  if (entry.kind === "link") return entry;
  const { mode, path, size, mtimeNs, hash } = entry;
  const content = { path, live: false, size, mtimeNs: BigInt(mtimeNs), hash: hash ?? undefined };
  return { kind: "file", mode, content };
}
