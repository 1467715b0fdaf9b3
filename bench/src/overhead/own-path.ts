// What it adds to a task that its process sees the work directory at the shared directory's own path.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism, type RunOptions, type TaskSpec } from "sheaf";
import { temporaryFolder } from "../temporary-folder.ts";
import { independentList } from "./lists.ts";
import { noOp } from "./no-op-agent.ts";
import { type OverheadContest, overheadContest, type PerTask, perFurtherTask } from "./overhead-contest.ts";

const SIZES = { few: 20, many: 80 };

/** Folders outside of the shared directory that only this user can write: the place that an own path needs. */
const OUTSIDE = ["TMPDIR", "XDG_CACHE_HOME"] as const;

async function withoutOutside(dir: string, work: () => Promise<void>): Promise<void> {
  const before = OUTSIDE.map((name) => [name, process.env[name]] as const);
  for (const name of OUTSIDE) {
    process.env[name] = join(dir, name);
    mkdirSync(join(dir, name));
  }
  try {
    await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

function contestant(name: string, task: Partial<TaskSpec>, ownPath: boolean): PerTask {
  return perFurtherTask(name, SIZES, async (count) => {
    using folder = temporaryFolder();
    const dir = folder.path;
    writeFileSync(join(dir, "a"), "a\n");
    const tasks = independentList(count).map((each): TaskSpec => ({ ...each, ...task }));
    const options: RunOptions = { executor: "process", useLlmDeps: false, env: {} };
    const run = async (): Promise<void> => {
      (await executeWithParallelism({ dir, tasks }, noOp, options)).unwrap();
    };
    await (ownPath ? run() : withoutOutside(dir, run));
  });
}

/** Commands and agents in processes that are shown everything, by an overlay where that can be. */
export function ownPath(): OverheadContest {
  const command = { run: "true" };
  return overheadContest("commands and agents in processes that are shown everything", [
    contestant("Sheaf, commands, each view at a path of its own", command, false),
    contestant("Sheaf, commands, at the directory's own path", command, true),
    contestant("Sheaf, agents, each view at a path of its own, pooled processes", {}, false),
    contestant("Sheaf, agents, at the directory's own path, a process each", {}, true),
  ]);
}
