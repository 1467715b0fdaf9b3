import { SheafError } from "@sheaf/core";

/** Where the state of runs lives inside a shared directory; hidden from tasks at any depth. */
export const STATE_FOLDER = ".sheaf";

/**
 * Tells why `path` cannot name something below the shared directory, or `undefined` when it can.
 * The path is the user's: "./a//b/" and "a/b" name the same thing.
 */
export function pathProblem(path: unknown): string | undefined {
  if (typeof path !== "string" || path === "") return "it is not a path";
  if (path.includes("\0")) return "it holds a NUL character";
  if (path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)) return "it is absolute";
  const parts = path.split("/");
  if (parts.includes("..")) return 'it leaves the directory by ".."';
  if (parts.includes(STATE_FOLDER)) return `${STATE_FOLDER} belongs to Sheaf`;
  return undefined;
}

/**
 * Returns a path below the shared directory in its one form: parts joined by "/", no ".", no trailing "/".
 * "" is the directory itself.
 *
 * @throws SheafError OPTION_INVALID when the path is absolute or leaves the directory.
 */
export function normalizePath(path: string): string {
  const problem = pathProblem(path);
  if (problem !== undefined) {
    throw new SheafError("OPTION_INVALID", {
      option: "path",
      expected: `a path below the shared directory (${problem})`,
      got: path,
    });
  }
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

/** Returns the parts of a normalized path; none for the directory itself. */
export function pathParts(path: string): readonly string[] {
  return path === "" ? [] : path.split("/");
}

/** Returns the path of `name` inside `folder`. */
export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** Tells whether two paths are the same or one lies below the other. */
export const touches = (a: string, b: string): boolean =>
  a === b || a === "" || b === "" || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
