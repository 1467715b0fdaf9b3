import { type StatsFs, statfsSync } from "node:fs";
import { SheafError } from "@sheaf/core";

const MIB = 1024 * 1024;

/**
 * Throws unless the disks that hold these folders each have this much left for an ordinary user.
 *
 * @throws SheafError DISK_FULL with the figures, or DIR_UNUSABLE when the folder is gone.
 */
export function requireDisk(dirs: readonly string[], neededMiB: number): void {
  for (const dir of dirs) {
    const { bavail, bsize } = diskOf(dir);
    const freeMiB = Math.floor((bavail * bsize) / MIB);
    if (freeMiB < neededMiB) throw new SheafError("DISK_FULL", { dir, freeMiB, neededMiB });
  }
}

function diskOf(dir: string): StatsFs {
  try {
    return statfsSync(dir);
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    const problem = code === "ENOENT" ? "it is no longer there" : `it cannot be read (${code})`;
    throw new SheafError("DIR_UNUSABLE", { dir, problem }, { cause: error });
  }
}
