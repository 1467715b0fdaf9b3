// Finds out what an attempt did to its view, and takes what it wrote into an immutable layer.
import { accessSync, chmodSync, constants, copyFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Change } from "./change.ts";
import { sameEntry } from "./differences.ts";
import { type FileStat, fileStat, statOf, unchanged } from "./file-stat.ts";
import { type Found, scan, unusable } from "./scan.ts";
import type { Staged, StagedEntry } from "./stage.ts";
import type { Content, FileEntry } from "./tree.ts";

export interface Sealed {
  readonly changes: readonly Change[];
  /** Contents that changed through a hard link: some view wrote in place, perhaps not this one. */
  readonly tampered: readonly { readonly path: string; readonly content: Content }[];
}

export interface SealRequest {
  readonly root: string;
  /** Inode of the root as it was made. */
  readonly rootInode: bigint;
  /** Tells whether the private copy to which a view was linked still holds its bytes. */
  readonly isIntact: (entry: FileEntry, link: string) => Promise<boolean>;
  readonly staged: Staged;
  /** Folder that receives what was written; made when something was. */
  readonly layer: string;
  /** Nothing can write to the view any more, so its files may be moved instead of copied. */
  readonly quiet: boolean;
  readonly signal?: AbortSignal;
}

// File times tick every few milliseconds on many systems: a file staged just after its content was made could be
// rewritten within the same tick. Such a young file is compared by its bytes.
const RACY_NS = 100_000_000n;

const isRacy = (staged: StagedEntry): boolean => staged.stat.ctimeNs - staged.stat.mtimeNs < RACY_NS;

// Whoever is shown the file later gets a copy, and needs to read it for that. Root always can.
function requireReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw unusable(dirname(path), `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
}

// A folder that its owner may not change gives nothing away either.
function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM") throw error;
    const folder = dirname(from);
    const { mode } = statSync(folder);
    chmodSync(folder, mode | 0o300);
    try {
      renameSync(from, to);
    } finally {
      chmodSync(folder, mode);
    }
  }
}

/**
 * Takes a file that was written into a layer and returns what it is there.
 *
 * @throws SheafError DIR_UNUSABLE when the task has left a file that nobody may read.
 */
export function takeFile(
  from: string,
  to: string,
  { mode, mayMove }: { readonly mode: number; readonly mayMove: boolean },
): FileEntry {
  if ((mode & 0o400) === 0) requireReadable(from);
  // A file with a second name may still be written through that name.
  const alone = Number(statOf(from)!.nlink) === 1;
  mkdirSync(dirname(to), { recursive: true });
  if (mayMove && alone) moveFile(from, to);
  else copyFileSync(from, to, constants.COPYFILE_FICLONE);
  return fileEntry({ ...fileStat(statOf(to)!), mode }, to);
}

// A time can be set back, but not that of the last change of the file's own data.
const isUntouched = (before: StagedEntry, { stat }: Found): boolean =>
  unchanged(stat, before.stat) && stat.ctimeNs === before.stat.ctimeNs && !isRacy(before);

type LinkedFile = StagedEntry & { readonly entry: FileEntry };

const isLinkStill = (before: StagedEntry | undefined, found: Found): before is LinkedFile =>
  before?.linked === true && before.entry.kind === "file" && found.stat.ino === before.stat.ino;

/** Returns the entry of a file in this state, with its bytes where they are. */
export function fileEntry({ size, mtimeNs, mode }: FileStat, path: string): FileEntry {
  return { kind: "file", mode, content: { path, live: false, size, mtimeNs, hash: undefined } };
}

async function sealFile(
  found: Found & { readonly kind: "file" },
  request: SealRequest,
): Promise<Change | Content | undefined> {
  const before = request.staged.get(found.path);
  const full = join(request.root, found.path);
  if (isLinkStill(before, found)) {
    return (await request.isIntact(before.entry, full)) ? undefined : before.entry.content;
  }
  if (before !== undefined && isUntouched(before, found)) return undefined;
  if (before !== undefined && (await sameEntry(before.entry, fileEntry(found.stat, full)))) return undefined;
  const how = { mode: found.stat.mode, mayMove: request.quiet };
  return { op: "put", path: found.path, entry: takeFile(full, join(request.layer, found.path), how) };
}

function sealOther(
  found: Exclude<Found, { kind: "file" }>,
  before: StagedEntry | undefined,
): Change | undefined {
  if (found.kind === "dir") {
    if (before?.entry.kind !== "dir") return { op: "mkdir", path: found.path, mode: found.stat.mode };
    if (found.stat.mode === before.stat.mode) return undefined;
    return { op: "chmod", path: found.path, mode: found.stat.mode };
  }
  const was = before?.entry;
  if ((was?.kind === "link" || was?.kind === "frozen") && was.target === found.target) return undefined;
  return { op: "put", path: found.path, entry: { kind: "link", target: found.target } };
}

// A link there would lead the scan, and what is moved, to files that are none of the task's.
function requireOwnRoot({ root, rootInode }: SealRequest): void {
  const now = statOf(root);
  if (now?.isDirectory() && now.ino === rootInode) return;
  throw unusable(root, "the task has removed or replaced its own work directory");
}

/** Returns the changes of a view and moves or copies the bytes that they need into the layer. */
export async function sealView(request: SealRequest): Promise<Sealed> {
  requireOwnRoot(request);
  const changes: Change[] = [];
  const tampered: { path: string; content: Content }[] = [];
  const left = new Map(request.staged);
  for await (const found of scan(request.root, { signal: request.signal })) {
    const before = request.staged.get(found.path);
    if (sameKind(before, found)) left.delete(found.path);
    const result = found.kind === "file" ? await sealFile(found, request) : sealOther(found, before);
    if (result === undefined) continue;
    if ("op" in result) changes.push(result);
    else tampered.push({ path: found.path, content: result });
  }
  for (const [path, { entry }] of left) changes.push({ op: entry.kind === "dir" ? "rmdir" : "remove", path });
  return { changes, tampered };
}

// A folder in the place of a file (or the other way round) is a removal and a new entry; a link in the place of a
// file is just another entry.
function sameKind(before: StagedEntry | undefined, found: Found): boolean {
  return before !== undefined && (before.entry.kind === "dir") === (found.kind === "dir");
}

/** Returns the contents that changed through a link of this view, whoever wrote there. */
export async function findTampered({ staged, root, isIntact }: SealRequest): Promise<Sealed["tampered"]> {
  const tampered: { path: string; content: Content }[] = [];
  for (const [path, { entry, linked, stat }] of staged) {
    const full = join(root, path);
    if (!linked || entry.kind !== "file" || statOf(full)?.ino !== stat.ino) continue;
    if (!(await isIntact(entry, full))) tampered.push({ path, content: entry.content });
  }
  return tampered;
}
