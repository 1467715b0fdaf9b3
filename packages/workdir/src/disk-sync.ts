// Puts files and folders on the disk, where a loss of power leaves them as they are.
import { closeSync, constants, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { dirname } from "node:path";
import { getSystemErrorMap } from "node:util";
import { statOf } from "./file-stat.ts";

/**
 * Returns when the bytes of these files and the names in these folders are on the disk. Links, and what is not there,
 * are passed over: they are names in a folder. Throws what the file system says where it cannot.
 */
export type Sync = (paths: Iterable<string>) => void;

/** What a commit must survive: the end of the process, or the loss of power as well. */
export type Durability = "process" | "power";

/** Leaves it to the system when bytes reach the disk. */
export const noSync: Sync = () => {};

/** From so many paths of one file system on, one call for all of it is faster than one for each. */
const MANY = 4;

function withOpen(path: string, use: (descriptor: number) => void): void {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Calls fsync for each path. */
export const fsyncEach: Sync = (paths) => {
  for (const path of paths) {
    const stat = statOf(path);
    if (stat?.isFile() || stat?.isDirectory()) withOpen(path, fsyncSync);
  }
};

/** Calls syncfs once for each file system with many of the paths. */
function syncfsMany(syncfs: (descriptor: number) => void): Sync {
  return (paths) => {
    const byDevice = new Map<bigint, string[]>();
    for (const path of new Set(paths)) {
      const stat = statOf(path);
      if (!stat?.isFile() && !stat?.isDirectory()) continue;
      const known = byDevice.get(stat.dev);
      if (known === undefined) byDevice.set(stat.dev, [path]);
      else known.push(path);
    }
    for (const some of byDevice.values()) {
      if (some.length < MANY) fsyncEach(some);
      else withOpen(some[0]!, syncfs);
    }
  };
}

// Before 5.8 the call does not say that a write has failed.
function tellsFailures(): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return process.platform === "linux" && (major > 5 || (major === 5 && minor >= 8));
}

/** Returns the fastest way to put many files on the disk: syncfs where koffi is installed, else fsync. */
export async function diskSync(): Promise<Sync> {
  if (!tellsFailures()) return fsyncEach;
  try {
    const koffi = (await import("koffi")).default;
    const call = koffi.load(null).func("int syncfs(int)");
    return syncfsMany((descriptor) => {
      if (call(descriptor) === 0) return;
      const [code, says] = getSystemErrorMap().get(-koffi.errno()) ?? ["EIO", "unknown error"];
      throw Object.assign(new Error(`syncfs(2) said ${code} (${says})`), { code });
    });
  } catch {
    // koffi is optional: not installed, or not built for this machine.
    return fsyncEach;
  }
}

/** Returns the folders that lead to a path, from its own folder up to `top`, which is the last. */
export function foldersUpTo(path: string, top: string): readonly string[] {
  const folders: string[] = [];
  for (let at = dirname(path); at.length >= top.length; at = dirname(at)) {
    folders.push(at);
    if (at === top || at === dirname(at)) break;
  }
  return folders;
}

/**
 * Writes a file as a whole: its bytes, and what belongs `before` it, are on the disk before its name is, and that is
 * when this returns.
 */
export function replaceFile(
  path: string,
  text: string,
  { sync, before }: { readonly sync: Sync; readonly before: Iterable<string> },
): void {
  writeFileSync(`${path}.new`, text);
  sync([...before, `${path}.new`]);
  renameSync(`${path}.new`, path);
  sync([dirname(path)]);
}
