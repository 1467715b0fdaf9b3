import { pathParts } from "./relative-path.ts";
import { type Visible, visible } from "./visible.ts";

/**
 * Returns what is frozen: what the globs show, without the folders that some task declares to write. A declaration
 * counts when it names the folder ("node_modules/**"), not when a wildcard happens to cover it ("**").
 */
export function frozenFolders(globs: readonly string[], declaredWrites: readonly string[]): Visible {
  const frozen = visible(globs);
  const writers = declaredWrites.map((glob) => ({ names: new Set(glob.split("/")), reach: visible([glob]) }));
  const written = (folder: string, name: string): boolean =>
    writers.some(
      ({ names, reach }) =>
        names.has(name) && (isReached(reach, folder) || reach.shown(folder) !== "nothing"),
    );
  return {
    patterns: frozen.patterns,
    shown(path) {
      if (frozen.shown(path) !== "all") return "nothing";
      const parts = pathParts(path);
      for (let i = 1; i <= parts.length; i++) {
        const folder = parts.slice(0, i).join("/");
        if (frozen.shown(folder) === "all" && written(folder, parts[i - 1]!)) return "nothing";
      }
      return "all";
    },
    within: (folder) => frozen.within(folder),
  };
}

function isReached(seen: Visible, folder: string): boolean {
  const within = seen.within(folder);
  return within === "any" || within.size > 0;
}
