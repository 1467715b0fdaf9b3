import { statfsSync } from "node:fs";
import { SheafError } from "@sheaf/core";

const MIB = 1024 * 1024;

/**
 * Throws unless the disk that holds `dir` has this much left for an ordinary user.
 *
 * @throws SheafError DISK_FULL with the figures.
 */
export function requireDisk(dir: string, neededMiB: number): void {
  const { bavail, bsize } = statfsSync(dir);
  const freeMiB = Math.floor((bavail * bsize) / MIB);
  if (freeMiB < neededMiB) throw new SheafError("DISK_FULL", { dir, freeMiB, neededMiB });
}
