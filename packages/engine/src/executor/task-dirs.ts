import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import type { AttemptPlace, TaskDirs } from "@sheaf/core";
import { removeTreeNow } from "@sheaf/workdir";

const IN_VIEW = ["data", "codebase", "outputs"] as const;

const BESIDE = ["logs", "chats", "cost", "temp"] as const;

/** An attempt's folders, each made when it is first asked for. */
export interface OwnDirs {
  /** Undefined without a place on disk. Its properties are not enumerable: to look at it makes no folder. */
  readonly dirs: TaskDirs | undefined;
  /** Removes the folders that were made in the view, hold nothing, and are not named by these globs. */
  removeEmpty(writes: readonly string[]): void;
}

/** Returns an attempt's folders. */
export function ownDirs({ view, beside }: AttemptPlace): OwnDirs {
  if (view === null || beside === null) return { dirs: undefined, removeEmpty: () => {} };
  const dirs = {};
  const made = new Set<string>();
  const add = (root: string, name: string): void => {
    Object.defineProperty(dirs, name, {
      get: () => {
        const path = join(root, name);
        if (mkdirSync(path, { recursive: true }) !== undefined) made.add(name);
        return path;
      },
    });
  };
  for (const name of IN_VIEW) add(view, name);
  for (const name of BESIDE) add(beside, name);
  return {
    dirs: dirs as TaskDirs,
    removeEmpty(writes) {
      const isNamed = (name: string) =>
        writes.some((glob) => glob.replace(/^\.\//, "").split("/")[0] === name);
      for (const name of IN_VIEW) if (made.has(name) && !isNamed(name)) removeIfEmpty(join(view, name));
    },
  };
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not empty, or not there.
  }
}

/** Removes the temporary files of an attempt, as far as they can be, and the folders that nothing was put into. */
export function sweepBeside(beside: string): void {
  try {
    removeTreeNow(join(beside, "temp"));
  } catch {
    // A task may have left a folder there that even its owner may not enter.
  }
  for (const folder of [...BESIDE.map((name) => join(beside, name)), beside]) removeIfEmpty(folder);
}
