import { isSheafError, type SheafError, type TaskSpec } from "@sheaf/core";
import { SETTING_TABLE } from "@sheaf/engine";
import { splitReference } from "./agent-reference.ts";
import type { DataPath } from "./positioned-data.ts";
import { type Plan, placed } from "./read-plan.ts";

/** What of a plan the command line has overruled, so that errors about it are not the plan's. */
export interface Overruled {
  readonly dir: boolean;
  readonly options: ReadonlySet<string>;
  /** Names of agents. */
  readonly agents: ReadonlySet<string>;
}

/** Returns an error's message, with its place in the plan in front where it has one. */
export function locateError(plan: Plan, error: SheafError, overruled: Overruled): string {
  const path = pathOf(plan, error, overruled);
  return path === null ? error.message : placed(plan, path, error.message);
}

function pathOf(plan: Plan, error: SheafError, overruled: Overruled): DataPath | null {
  const { contents } = plan;
  if (isSheafError(error, "AGENT_MODULE_FAILED")) return agentPath(plan, error, overruled);
  if (isSheafError(error, "DIR_UNUSABLE")) {
    return contents.dir === undefined || overruled.dir ? null : ["dir"];
  }
  if (isSheafError(error, "OPTION_INVALID")) {
    const { option } = error.details;
    const ours = option in SETTING_TABLE && Object.hasOwn(contents.options ?? {}, option);
    return ours && !overruled.options.has(option) ? ["options", option] : null;
  }
  const tasks = (contents.tasks ?? []) as readonly TaskSpec[];
  const details = error.details as { readonly taskId?: string };
  const at = tasks.findIndex(({ id }) => id === details.taskId);
  return at < 0 ? null : pathInTask(tasks[at]!, at, error);
}

// Two agents may come from one module: the export tells them apart, where the module got so far.
function agentPath(
  { contents, folder }: Plan,
  { details }: SheafError<"AGENT_MODULE_FAILED">,
  overruled: Overruled,
): DataPath | null {
  const names = Object.entries(contents.agents ?? {}).filter(([name, reference]) => {
    const { module, exportName } = splitReference(reference, folder);
    const sameExport = details.exportName === undefined || details.exportName === (exportName ?? "default");
    return !overruled.agents.has(name) && module === details.module && sameExport;
  });
  return names.length === 0 ? null : ["agents", names[0]![0]];
}

/** Returns the keys that lead to what an error is about in the task with this number. */
export function pathInTask(task: TaskSpec, number: number, error: SheafError): DataPath {
  const path = ["tasks", number];
  if (isSheafError(error, "TASK_ID_DUPLICATE")) return [...path, "id"];
  if (isSheafError(error, "GRAPH_CYCLE") || isSheafError(error, "EDGE_SELF_LOOP"))
    return [...path, "dependsOn"];
  if (isSheafError(error, "EDGE_UNKNOWN_TASK")) {
    const place = (task.dependsOn ?? []).indexOf(error.details.unknown);
    return [...path, "dependsOn", place];
  }
  if (!isSheafError(error, "TASK_INVALID") || error.details.field === "the task") return path;
  const keys = error.details.field.split(".");
  return [...path, ...keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key))];
}
