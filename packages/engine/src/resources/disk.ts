import { statfsSync } from "node:fs";
import { SheafError } from "@sheaf/core";

const MIB = 1024 * 1024;

/**
 * Throws unless the disks that hold these folders each have this much left for an ordinary user.
 *
 * @throws SheafError DISK_FULL with the figures.
 */
export function requireDisk(dirs: readonly string[], neededMiB: number): void {
  for (const dir of dirs) {
    const { bavail, bsize } = statfsSync(dir);
    const freeMiB = Math.floor((bavail * bsize) / MIB);
    if (freeMiB < neededMiB) throw new SheafError("DISK_FULL", { dir, freeMiB, neededMiB });
  }
}
