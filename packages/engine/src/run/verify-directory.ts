import { existsSync } from "node:fs";
import { SheafError, toWireError, type WireError } from "@sheaf/core";
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
