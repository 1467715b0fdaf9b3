import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AttemptPlace, TaskDirs } from "@sheaf/core";

const IN_VIEW = ["data", "codebase", "outputs"] as const;

const BESIDE = ["logs", "chats", "cost", "temp"] as const;

/** Returns an attempt's folders, each made when it is first asked for. Undefined without a place on disk. */
export function taskDirs({ view, beside }: AttemptPlace): TaskDirs | undefined {
  if (view === null || beside === null) return undefined;
  const dirs = {};
  const add = (root: string, name: string): void => {
    Object.defineProperty(dirs, name, {
      enumerable: true,
      get: () => {
        const path = join(root, name);
        mkdirSync(path, { recursive: true });
        return path;
      },
    });
  };
  for (const name of IN_VIEW) add(view, name);
  for (const name of BESIDE) add(beside, name);
  return dirs as TaskDirs;
}

/** Removes the temporary files of an attempt, and the folders that nothing was put into. */
export function sweepBeside(beside: string): void {
  rmSync(join(beside, "temp"), { recursive: true, force: true });
  for (const folder of [...BESIDE.map((name) => join(beside, name)), beside]) {
    try {
      rmdirSync(folder);
    } catch {
      // It is not empty, or was never made.
    }
  }
}
