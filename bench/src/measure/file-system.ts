import { accessSync, constants, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

/** What `statfs` calls the file systems that one is likely to meet on Linux. */
const NAMES: Readonly<Record<number, string>> = {
  61267: "ext4",
  16914836: "tmpfs",
  1481003842: "xfs",
  2035054128: "overlayfs",
  2435016766: "btrfs",
};

/** A folder to measure in. */
export interface Place {
  readonly folder: string;
  /** Name of its file system, or its number where the name is not known. */
  readonly fileSystem: string;
}

/** Returns one place in memory, where there is one, and one for temporary files, which is on a disk as a rule. */
export function writablePlaces(): readonly Place[] {
  const places = ["/dev/shm", tmpdir()].filter(isWritable).map((folder): Place => {
    const { type } = statfsSync(folder);
    return { folder, fileSystem: NAMES[type] ?? `file system ${type}` };
  });
  return places.filter(
    ({ fileSystem }, i) => places.findIndex((each) => each.fileSystem === fileSystem) === i,
  );
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
