import type { View } from "@sheaf/workdir";
import { pathInRoom } from "../executor/room-path.ts";
import { ownDirs } from "../executor/task-dirs.ts";
import type { World } from "./world.ts";

/** Returns the environment that the commands and processes of a task find beside the caller's own. */
export function attemptEnv(world: World, task: number, view: View | null): Record<string, string> {
  const { id, writes = [] } = world.tasks[task]!;
  const env: Record<string, string> = { SHEAF_RUN_ID: world.runId, SHEAF_TASK_ID: id };
  if (view === null) return env;
  const { room } = view;
  const seen = (path: string): string => (room === null ? path : pathInRoom(room, path));
  // A git that finds no repository in the view must not look for one above it: that would be the live one.
  env.GIT_CEILING_DIRECTORIES = seen(view.beside);
  // Looking must not write: git refreshes its index as it reads.
  if (!writes.some((glob) => glob.split("/").includes(".git"))) env.GIT_OPTIONAL_LOCKS = "0";
  const dirs = ownDirs({ view: view.path, beside: view.beside }).dirs!;
  env.SHEAF_LOGS_DIR = seen(dirs.logs);
  env.SHEAF_COST_DIR = seen(dirs.cost);
  env.SHEAF_TEMP_DIR = seen(dirs.temp);
  return env;
}
