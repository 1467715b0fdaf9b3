import type { TaskChange } from "./change.ts";
import { pathParts } from "./relative-path.ts";
import type { Visible } from "./visible.ts";

/**
 * Returns the paths that changes touch against the declaration.
 *
 * `.git` and frozen folders are read-only unless `writes` names them. A new folder on the way to a declared path
 * is part of it.
 */
export function undeclaredPaths(
  changes: readonly TaskChange[],
  writes: Visible | null,
  frozen: Visible,
): readonly string[] {
  const paths: string[] = [];
  for (const { op, path } of changes) {
    const declared = writes?.shown(path) ?? "nothing";
    if (declared === "all" || (declared === "presence" && op === "mkdir")) continue;
    const guarded = pathParts(path).includes(".git") || frozen.shown(path) === "all";
    if (writes !== null || guarded) paths.push(path);
  }
  return paths;
}
