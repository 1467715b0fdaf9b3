import { lstatSync, mkdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";

/** Makes a folder if need be and tells whether this user alone can put anything into it. */
export function isOwnFolder(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const stat = lstatSync(path);
    if (process.getuid === undefined) return stat.isDirectory();
    return stat.isDirectory() && stat.uid === process.getuid() && (stat.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** Folder for what is kept of a user over all directories: `$XDG_DATA_HOME/sheaf`, else `~/.local/share/sheaf`. */
export function dataFolder(): string {
  const given = process.env.XDG_DATA_HOME;
  return join(given !== undefined && isAbsolute(given) ? given : join(homedir(), ".local", "share"), "sheaf");
}

/** Folders that may keep what is made once for this user, in the order in which they are tried. */
export function cacheFolders(): readonly string[] {
  const given = process.env.XDG_CACHE_HOME;
  const cache = given !== undefined && isAbsolute(given) ? given : join(homedir(), ".cache");
  return [join(cache, "sheaf"), join(tmpdir(), `sheaf-${process.getuid?.() ?? "user"}`)];
}

/**
 * Returns a folder, made now if need be, that only this user can write: one for each user, so that two of them on one
 * machine never meet.
 *
 * @returns Null where none of `cacheFolders()` can be had.
 */
export function cacheFolder(suits: (path: string) => boolean = () => true): string | null {
  return cacheFolders().find((path) => suits(path) && isOwnFolder(path)) ?? null;
}
