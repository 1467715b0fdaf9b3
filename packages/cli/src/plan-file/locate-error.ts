import { isSheafError, type SheafError, type TaskSpec } from "@sheaf/core";
import { SETTING_TABLE } from "@sheaf/engine";
import type { DataPath } from "./positioned-data.ts";
import { type Plan, placed } from "./read-plan.ts";

/** What of a plan the command line has overruled, so that errors about it are not the plan's. */
export interface Overruled {
  readonly dir: boolean;
  readonly options: ReadonlySet<string>;
}

/** Returns an error's message, with its place in the plan in front where it has one. */
export function locateError(plan: Plan, error: SheafError, overruled: Overruled): string {
  const path = pathOf(plan, error, overruled);
  return path === null ? error.message : placed(plan, path, error.message);
}

function pathOf({ contents }: Plan, error: SheafError, overruled: Overruled): DataPath | null {
  if (isSheafError(error, "DIR_UNUSABLE")) {
    return contents.dir === undefined || overruled.dir ? null : ["dir"];
  }
  if (isSheafError(error, "OPTION_INVALID")) {
    const { option } = error.details;
    const ours = option in SETTING_TABLE && Object.hasOwn(contents.options ?? {}, option);
    return ours && !overruled.options.has(option) ? ["options", option] : null;
  }
  if (isSheafError(error, "GRAPH_CYCLE")) {
    const [first] = error.details.cycle;
    return first === undefined ? null : taskPath(contents.tasks, first, ["dependsOn"]);
  }
  if (isSheafError(error, "TASK_INVALID")) {
    const { taskId, field } = error.details;
    return taskPath(contents.tasks, taskId, field === "the task" ? [] : field.split("."));
  }
  if (isSheafError(error, "EDGE_SELF_LOOP")) {
    return taskPath(contents.tasks, error.details.taskId, ["dependsOn"]);
  }
  return null;
}

function taskPath(tasks: readonly unknown[] | undefined, id: string, keys: DataPath): DataPath | null {
  const i = ((tasks ?? []) as readonly TaskSpec[]).findIndex((task) => task.id === id);
  return i < 0 ? null : ["tasks", i, ...keys];
}
