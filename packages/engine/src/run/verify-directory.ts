import { existsSync } from "node:fs";
import { type RunEvent, SheafError, type TaskId, toWireError, type WireError } from "@sheaf/core";
import type { Workdir } from "@sheaf/workdir";

/** What the shared directory turned out to be at the end of a run. */
export interface VerifiedDirectory {
  /** Paths that are not as the run left them. */
  readonly outside: readonly string[];
  /** Paths in frozen folders that were written. */
  readonly frozen: readonly string[];
  /** Why it could not be looked at: a task may have removed it as a whole. */
  readonly fault: WireError | null;
}

/** What somebody else has changed in the shared directory. */
export interface ChangedOutside {
  readonly paths: readonly string[];
  /** Committed tasks that had read something else there. */
  readonly readers: readonly TaskId[];
}

/** Returns what the events of a run, or of several sessions of it, tell of changes from outside. */
export function changedOutside(events: readonly RunEvent[]): ChangedOutside {
  const told = events.filter((event) => event.type === "dir.changed-outside");
  const paths = new Set(told.flatMap((event) => event.paths));
  const readers = new Set(told.flatMap((event) => event.readers ?? []));
  return { paths: [...paths], readers: [...readers] };
}

/** Returns what the events of earlier sessions of a run tell of writes to frozen folders. */
export const frozenWritten = (events: readonly RunEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === "run.finished" ? (event.frozen ?? []) : []));

/** Returns what is wrong when a commit could not be made: the error itself, or that the whole directory is gone. */
export function faultOf(error: unknown, dir: string | undefined): unknown {
  if (dir === undefined || existsSync(dir)) return error;
  return new SheafError("DIR_UNUSABLE", { dir, problem: "it is no longer there" }, { cause: error });
}

/** Looks at the directory of a run that is over. Never rejects: tasks have run, and their report is due. */
export async function verifyDirectory(workdir: Workdir | null): Promise<VerifiedDirectory> {
  if (workdir === null) return { outside: [], frozen: [], fault: null };
  try {
    return { ...(await workdir.verify()), fault: null };
  } catch (error) {
    return { outside: [], frozen: [], fault: toWireError(faultOf(error, workdir.dir)) };
  }
}

/** Returns the hash of what a run has left, or why there is none as a sentence. Never rejects. */
export async function hashDirectory(
  workdir: Workdir | null,
): Promise<{ readonly rootHash: string | null; readonly problem: string | null }> {
  if (workdir === null) return { rootHash: null, problem: null };
  try {
    return { rootHash: await workdir.rootHash(), problem: null };
  } catch (error) {
    const problem = `There is no hash of the directory: ${toWireError(faultOf(error, workdir.dir)).message}`;
    return { rootHash: null, problem };
  }
}

/** Gives the directory back. Returns what went wrong with that as a sentence, or null. Never rejects. */
export async function closeDirectory(
  workdir: Workdir | null,
  options: { readonly keep: boolean },
): Promise<string | null> {
  try {
    await workdir?.close(options);
    return null;
  } catch (error) {
    return `What the run needed for itself could not all be removed: ${toWireError(error).message}`;
  }
}
