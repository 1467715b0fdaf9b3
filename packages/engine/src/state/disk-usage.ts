import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Bytes on the disk that removing a folder would give back. */
export interface DiskUsage {
  readonly bytes: number;
  /** The same by the name of what lies directly in the folder. */
  readonly parts: Readonly<Record<string, number>>;
}

// Of stat: one block is 512 bytes whatever the file system.
const BLOCK_BYTES = 512;

interface Inode {
  readonly part: string;
  readonly bytes: number;
  readonly links: number;
  seen: number;
}

/**
 * Measures a folder. A file that other names outside of the folder lead to is not counted: its bytes would stay. What
 * vanishes meanwhile counts as nothing.
 */
export function diskUsage(folder: string): DiskUsage {
  const inodes = new Map<string, Inode>();
  const visit = (path: string, part: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false, bigint: true });
    if (stat === undefined) return;
    const isFolder = stat.isDirectory();
    const key = `${stat.dev}:${stat.ino}`;
    const known = inodes.get(key);
    if (known !== undefined) known.seen += 1;
    else {
      const bytes = Number(stat.blocks) * BLOCK_BYTES;
      inodes.set(key, { part, bytes, links: isFolder ? 1 : Number(stat.nlink), seen: 1 });
    }
    if (isFolder) for (const name of namesIn(path)) visit(join(path, name), part);
  };
  for (const name of namesIn(folder)) visit(join(folder, name), name);
  const parts = Object.create(null) as Record<string, number>;
  let bytes = 0;
  for (const inode of inodes.values()) {
    if (inode.seen < inode.links) continue;
    parts[inode.part] = (parts[inode.part] ?? 0) + inode.bytes;
    bytes += inode.bytes;
  }
  return { bytes, parts };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Gone by now, or not for this user to see, as a folder that a task has locked away.
    if (code === "ENOENT" || code === "EACCES" || code === "ENOTDIR") return [];
    throw error;
  }
}
