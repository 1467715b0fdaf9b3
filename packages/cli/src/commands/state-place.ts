import { resolve } from "node:path";
import { readSettings, resolveDir, stateDirOf } from "@sheaf/engine";
import type { Io } from "./io.ts";

/** A shared directory and the folder of the state of its runs. */
export interface StatePlace {
  readonly dir: string;
  readonly stateDir: string;
}

/** Returns where the state of a directory's runs lies. Throws SheafError for a directory that is none. */
export function statePlace(dir: string | undefined, io: Io): StatePlace {
  const { home } = readSettings({}, io.env).settings;
  const shared = resolveDir(resolve(io.cwd, dir ?? "."));
  return { dir: shared, stateDir: stateDirOf(shared, home)! };
}
