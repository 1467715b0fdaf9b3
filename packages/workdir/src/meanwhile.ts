// What somebody else has changed in the shared directory while nobody held it: between two openings of one run.
//
// A commit stays only as long as it is what the record of it says, and as long as what its task had read is there.
import { applyChanges } from "./change.ts";
import { type CommitRecord, undoChanges } from "./commit-log.ts";
import { contentHash, fileHash } from "./content-hash.ts";
import { statOf } from "./file-stat.ts";
import { restoreChanges } from "./kept-changes.ts";
import { differingReads, type RecordedReads, readsHold } from "./reads.ts";
import { type Entry, type FileEntry, lookup, type Tree } from "./tree.ts";

/** A committed task that is not run again, and what it had read; null where that is not known. */
export interface Standing {
  readonly taskId: string;
  readonly reads: RecordedReads | null;
}

/** What has changed. */
export interface Meanwhile {
  /** Paths that are not as the commits left them, or as a task that stands had seen them. */
  readonly paths: readonly string[];
  /** Tasks that stand and would read something else now. */
  readonly readers: readonly string[];
}

export interface MeanwhileRequest {
  readonly standing: readonly Standing[];
  readonly timesCount: boolean;
  readonly isSettled: ((path: string) => boolean) | null;
}

type Left = Entry | null;

/** Returns the paths that are not as these commits, one after the other, have left them. */
export async function notAsLeft(tree: Tree, records: readonly CommitRecord[]): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const [path, left] of leftBy(records)) {
    if (!(await isAsLeft(lookup(tree, path), left))) changed.push(path);
  }
  return changed;
}

function leftBy(records: readonly CommitRecord[]): ReadonlyMap<string, Left> {
  const left = new Map<string, Left>();
  for (const change of records.flatMap(({ changes }) => restoreChanges(changes))) {
    switch (change.op) {
      case "put":
        left.set(change.path, change.entry);
        break;
      case "remove":
      case "rmdir":
        left.set(change.path, null);
        break;
      case "mkdir":
      case "chmod":
        left.set(change.path, { kind: "dir", mode: change.mode, children: new Map() });
        break;
      default:
        change satisfies never;
    }
  }
  return left;
}

async function isAsLeft(now: Entry | undefined, left: Left): Promise<boolean> {
  if (now === undefined || left === null) return now === undefined && left === null;
  switch (left.kind) {
    case "file":
      return now.kind === "file" && (await isSameFile(now, left));
    case "dir":
      return now.kind === "dir" && now.mode === left.mode;
    case "link":
      return now.kind === "link" && now.target === left.target;
    case "frozen":
      return now.kind === "frozen";
    default:
      return left satisfies never;
  }
}

async function isSameFile(now: FileEntry, left: FileEntry): Promise<boolean> {
  if (now.mode !== left.mode || now.content.size !== left.content.size) return false;
  if (now.content.mtimeNs === left.content.mtimeNs) return true;
  const hash = left.content.hash ?? (await hashOfSource(now, left));
  return hash !== null && hash === (await contentHash(now.content));
}

// A file that was published by a link shares its bytes with the live one, so that they prove nothing.
async function hashOfSource(now: FileEntry, left: FileEntry): Promise<string | null> {
  const source = statOf(left.content.path);
  const live = statOf(now.content.path);
  if (source === undefined || (source.ino === live?.ino && source.dev === live.dev)) return null;
  return fileHash(left.content.path, left.content.size);
}

/**
 * Returns what tasks that stand would read differently now, each on the tree that it was committed on.
 *
 * @param tree the committed tree, after all of `records`
 * @param standing in serial order
 * @param timesCount false where files were published as copies, which have times of their own
 * @param isSettled tells of a path that a policy may have let a task commit although it had read something else there;
 *   null where there are no policies
 */
export async function readDifferently(
  tree: Tree,
  records: readonly CommitRecord[],
  { standing, timesCount, isSettled }: MeanwhileRequest,
): Promise<Meanwhile> {
  const paths = new Set<string>();
  const readers: string[] = [];
  const before = new Set(standing.map(({ taskId }) => taskId));
  const left = [...records];
  let at = tree;
  for (const { taskId, reads } of [...standing].reverse()) {
    before.delete(taskId);
    for (let last = left.at(-1); last !== undefined && !before.has(last.taskId); last = left.at(-1)) {
      const applied = await applyChanges(at, undoChanges(last));
      // Something is in the way that is named as a path already; what was there before cannot be told.
      if (!("tree" in applied)) return { paths: [...paths], readers: readers.reverse() };
      at = applied.tree;
      left.pop();
    }
    if (reads === null || (reads.shown?.globs === "everything" && !timesCount)) continue;
    // What all that was shown came to says nothing of one path.
    if (reads.shown !== null && isSettled !== null) continue;
    const observed = reads.observed.filter(([, path]) => isSettled?.(path) !== true);
    const differing = await differenceOf(at, { ...reads, observed });
    if (differing === null) continue;
    readers.push(taskId);
    for (const path of differing) paths.add(path);
  }
  return { paths: [...paths], readers: readers.reverse() };
}

async function differenceOf(tree: Tree, reads: RecordedReads): Promise<readonly string[] | null> {
  try {
    return (await readsHold(tree, reads)) ? null : await differingReads(tree, reads);
  } catch {
    // Bytes that a commit replaced are kept only until the run has succeeded.
    return null;
  }
}
