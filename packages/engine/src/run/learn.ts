// What a run has shown about the files of its tasks, for the analysis of the next.
import type { Observation, Task } from "@sheaf/core";
import type { Learned } from "@sheaf/ledger";
import type { Effects } from "@sheaf/workdir";
import type { TaskWork } from "../agents/resolve-work.ts";
import { taskDefinition } from "./task-definition.ts";
import type { AttemptRecord } from "./world.ts";

export interface Lesson {
  readonly tasks: readonly Task[];
  readonly works: readonly TaskWork[];
  /** The last record of each task that had one. */
  readonly records: ReadonlyMap<number, AttemptRecord>;
}

const foldersAbove = (path: string): readonly string[] => {
  const parts = path.split("/");
  return parts.map((_, i) => parts.slice(0, i).join("/"));
};

// A folder that was made on the way to a file is no news beside the file.
function writtenBy({ changes }: Effects): readonly string[] {
  const leading = new Set(changes.flatMap(({ path }) => foldersAbove(path)));
  return changes.flatMap(({ op, path }) => (op === "mkdir" && leading.has(path) ? [] : [path]));
}

/**
 * Returns, for a task that looked at a folder itself, a path below it that the task looked at as well. Such a path
 * waits for whoever makes the folder, too, but not for all that others put there.
 */
function belowFolder(folder: string, looked: readonly string[], leading: ReadonlySet<string>): string {
  return looked.find((path) => path.startsWith(`${folder}/`) && !leading.has(path)) ?? folder;
}

/** Notes what the tasks that succeeded have read and written. */
export function learn(learned: Learned, { tasks, works, records }: Lesson): void {
  const effects = [...records].flatMap(([task, record]) =>
    record.status === "succeeded" && record.effects !== null ? [{ task, effects: record.effects }] : [],
  );
  const writes = new Map(effects.map((each) => [each.task, writtenBy(each.effects)]));
  const written = new Set([...writes.values()].flat());
  const leading = new Set([...written].flatMap(foldersAbove));
  // What nobody writes is nothing to wait for; who looks into a folder waits for what is put there.
  const looksInto = ({ kind }: Observation): boolean => kind === "listing" || kind === "tree";
  const matters = (look: Observation): boolean =>
    written.has(look.path) || (leading.has(look.path) && looksInto(look));
  for (const { task, effects: seen } of effects) {
    const looked = [...(seen.reads.observed?.map(({ path }) => path) ?? []), ...writes.get(task)!];
    const waitsFor = (look: Observation): string =>
      leading.has(look.path) && !looksInto(look) ? belowFolder(look.path, looked, leading) : look.path;
    const observed = seen.reads.observed?.filter(matters).map(waitsFor) ?? null;
    const reads = observed === null ? null : [...new Set(observed)];
    learned.record(taskDefinition(tasks[task]!, works[task]!), { reads, writes: writes.get(task)! });
  }
}
