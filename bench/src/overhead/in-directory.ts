// What a work directory of its own adds to a task.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentFn, executeWithParallelism, type TaskSpec } from "sheaf";
import { temporaryFolder } from "../temporary-folder.ts";
import { independentList, layeredList } from "./lists.ts";
import { type OverheadContest, overheadContest, type PerTask, perTask } from "./overhead-contest.ts";

const OPTIONS = { maxWorkers: 16, useLlmDeps: false, env: {} } as const;

const nothing: AgentFn = () => {};

function inFolder(
  name: string,
  tasks: readonly TaskSpec[],
  choice: { agent: AgentFn; trace: boolean },
): PerTask {
  const { agent, trace } = choice;
  return perTask(name, tasks.length, async () => {
    using folder = temporaryFolder();
    const dir = folder.path;
    (await executeWithParallelism({ dir, tasks }, agent, { ...OPTIONS, trace })).unwrap();
  });
}

/** Tasks that read and write nothing, with the history in memory and on the disk. */
export function inDirectory(seed: number): OverheadContest {
  const layers = layeredList({ layers: 10, width: 100, before: 3, seed });
  const tasks = layers.map((task): TaskSpec => ({ ...task, reads: [], writes: [] }));
  return overheadContest("run of 1,000 layered tasks, 16 at once", [
    perTask("Sheaf, no directory", tasks.length, async () => {
      (await executeWithParallelism(tasks, nothing, OPTIONS)).unwrap();
    }),
    inFolder("Sheaf, in an empty directory, journal in memory", tasks, { agent: nothing, trace: false }),
    inFolder("Sheaf, in an empty directory, journal on disk", tasks, { agent: nothing, trace: true }),
  ]);
}

const FOLDER = "results";

const writer: AgentFn = (task, ctx) => {
  mkdirSync(join(ctx.dir, FOLDER), { recursive: true });
  writeFileSync(join(ctx.dir, FOLDER, task.id), task.id);
};

function writingList(length: number): readonly TaskSpec[] {
  return independentList(length).map((task) => ({ ...task, reads: [], writes: [`${FOLDER}/${task.id}`] }));
}

/** Tasks that each write a file into the same folder: the price of a task should not grow with their number. */
export function writing(): OverheadContest {
  const choice = { agent: writer, trace: true };
  return overheadContest("tasks that write a file each into one folder", [
    inFolder("Sheaf, 500 tasks", writingList(500), choice),
    inFolder("Sheaf, 2,000 tasks", writingList(2_000), choice),
  ]);
}
