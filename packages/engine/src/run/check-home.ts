import { accessSync, constants, existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { SheafError } from "@sheaf/core";
import { STATE_FOLDER } from "@sheaf/workdir";

/** A folder for the state of runs that somebody asked for, and the name by which they did. */
export interface AskedHome {
  readonly path: string;
  /** `home`, or the variable of the environment. */
  readonly option: string;
}

const unusable = ({ path, option }: AskedHome, why: string): SheafError =>
  new SheafError("OPTION_INVALID", {
    option,
    expected: `a folder that can be made and written to (${why}; name another, or none for ${STATE_FOLDER} in the shared directory)`,
    got: path,
  });

/** The nearest folder above `path`, or `path` itself, that is there. */
function nearest(path: string): string {
  let at = path;
  while (!existsSync(at) && at !== dirname(at)) at = dirname(at);
  return at;
}

/**
 * Throws unless the home could be made, and lies beside the shared directory or in its state folder: anywhere else
 * in it, the journal of a run would change what the run is about.
 *
 * @throws SheafError OPTION_INVALID
 */
export function checkHome(home: AskedHome, dir: string | null): void {
  const path = resolve(home.path);
  let real: string;
  try {
    const above = nearest(path);
    if (!statSync(above).isDirectory()) throw unusable(home, `${above} is not a folder`);
    real = join(realpathSync(above), relative(above, path));
  } catch (error) {
    throw error instanceof SheafError ? error : unusable(home, reason(error));
  }
  if (dir === null || !isWithin(real, dir) || isWithin(real, join(dir, STATE_FOLDER))) return;
  const expected = `a folder outside of the shared directory ${dir} (there, the run's own journal would be one of its files)`;
  throw new SheafError("OPTION_INVALID", { option: home.option, expected, got: home.path });
}

const isWithin = (path: string, folder: string): boolean => `${path}${sep}`.startsWith(`${folder}${sep}`);

/**
 * Makes the state folder below a home.
 *
 * @throws SheafError OPTION_INVALID when it cannot be made or written to.
 */
export function makeStateDir(stateDir: string, home: AskedHome): void {
  try {
    // One by one: in some places, /proc among them, Node's recursive mkdir tries for ever.
    const missing: string[] = [];
    for (let at = stateDir; !existsSync(at); at = dirname(at)) missing.unshift(at);
    for (const folder of missing) makeFolder(folder);
    accessSync(stateDir, constants.W_OK);
  } catch (error) {
    throw unusable(home, reason(error));
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another run may have been quicker.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "it may not be written to",
  EPERM: "it may not be written to",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is not a folder",
  ENAMETOOLONG: "the path is too long",
};

function reason(error: unknown): string {
  const { code = "", path } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? `${path ?? "it"} cannot be made: ${code}`;
}
