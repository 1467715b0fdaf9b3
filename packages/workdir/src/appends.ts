// Files to which a task only appended: what it added is kept instead of the whole, and added to what is there.
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  readFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Observed } from "@sheaf/core";
import type { AppendChange, Change, TaskChange } from "./change.ts";
import { statOf } from "./file-stat.ts";
import { fileEntry } from "./seal.ts";
import { checkStill } from "./stage.ts";
import { type Content, type FileEntry, lookup, type Tree } from "./tree.ts";

const CHUNK_BYTES = 256 * 1024;

export interface AppendRequest {
  /** What the view showed before. */
  readonly snapshot: Tree;
  /** Tells whether the user has said that this path is appended to. */
  readonly isAppended: (path: string) => boolean;
  readonly observed: Observed | null;
  /** Returns an absolute path, free for what was added to a path. */
  readonly placeFor: (path: string) => string;
}

/** Returns the changes with those that only appended to a file in the form that can be made to any state of it. */
export async function withAppends(
  changes: readonly TaskChange[],
  request: AppendRequest,
): Promise<readonly TaskChange[]> {
  const taken: TaskChange[] = [];
  // One after the other: a task may have added to more files than a process may have open.
  for (const change of changes) taken.push((await asAppend(change, request)) ?? change);
  return taken;
}

async function asAppend(change: TaskChange, request: AppendRequest): Promise<AppendChange | null> {
  const { snapshot, isAppended, observed, placeFor } = request;
  if (change.op !== "put" || change.entry.kind !== "file" || !isAppended(change.path)) return null;
  if (!mayBeAppend(change.path, observed)) return null;
  const before = lookup(snapshot, change.path);
  if (before !== undefined && (before.kind !== "file" || before.mode !== change.entry.mode)) return null;
  const from = before?.content ?? null;
  if (from !== null && !(await beginsWith(change.entry.content, from))) return null;
  const place = placeFor(change.path);
  mkdirSync(dirname(place), { recursive: true });
  const start = from?.size ?? 0;
  await pipeline(createReadStream(change.entry.content.path, { start }), createWriteStream(place));
  return { op: "append", path: change.path, entry: entryAt(place, change.entry.mode) };
}

// Whoever put a new file there, or emptied the old one, did not append, even where the bytes look so.
function mayBeAppend(path: string, observed: Observed | null): boolean {
  if (observed === null) return true;
  const kinds = new Set(observed.observations.filter((each) => each.path === path).map(({ kind }) => kind));
  if (kinds.has("written")) return false;
  return kinds.has("appended") || observed.incomplete !== null;
}

async function beginsWith(content: Content, start: Content): Promise<boolean> {
  if (content.size < start.size) return false;
  if (start.size === 0) return true;
  const files: FileHandle[] = [];
  try {
    for (const { path } of [start, content]) files.push(await open(path));
    return await sameBytes(files, start.size);
  } finally {
    for (const file of files) await file.close();
  }
}

async function sameBytes(files: readonly FileHandle[], size: number): Promise<boolean> {
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, size - at);
    const read = files.map(async (file) => (await file.read(Buffer.alloc(length), 0, length, at)).buffer);
    const [left, right] = await Promise.all(read);
    if (!left!.equals(right!)) return false;
  }
  return true;
}

/**
 * Returns the changes as they are in this tree: with the files to which something is appended as a whole.
 *
 * @param place returns an absolute path, free for such a file
 */
export function settledChanges(
  tree: Tree,
  changes: readonly TaskChange[],
  place: () => string,
): readonly Change[] {
  return changes.map((change): Change => {
    if (change.op !== "append") return change;
    return { op: "put", path: change.path, entry: extended(tree, change, place()) };
  });
}

// In one go: the bytes that are there may be put elsewhere by the next commit.
function extended(tree: Tree, { path, entry: added }: AppendChange, place: string): FileEntry {
  const old = lookup(tree, path);
  const isFile = old?.kind === "file";
  if (isFile) checkStill(old.content);
  mkdirSync(dirname(place), { recursive: true });
  copyFileSync(isFile ? old.content.path : added.content.path, place);
  chmodSync(place, 0o600);
  if (isFile) appendFileSync(place, readFileSync(added.content.path));
  return entryAt(place, isFile ? old.mode : added.mode);
}

function entryAt(path: string, mode: number): FileEntry {
  const { size, mtimeNs } = statOf(path)!;
  return fileEntry({ ino: 0n, size: Number(size), mode, mtimeNs, ctimeNs: 0n }, path);
}
