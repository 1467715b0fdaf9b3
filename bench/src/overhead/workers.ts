// What Sheaf takes when tasks do nothing in threads, processes and shells of their own.
import { executeWithParallelism, type RunOptions, type TaskSpec } from "sheaf";
import { bareCommands, bareForks, barePiscina } from "./bare-pools.ts";
import { independentList } from "./lists.ts";
import { noOp } from "./no-op-agent.ts";
import { type OverheadContest, overheadContest, perFurtherTask, perTask } from "./overhead-contest.ts";

const WORKERS = 2;

const OPTIONS: RunOptions = { maxWorkers: WORKERS, useLlmDeps: false, env: {} };

async function run(tasks: readonly TaskSpec[], executor: "thread" | "process"): Promise<void> {
  (await executeWithParallelism(tasks, noOp, { ...OPTIONS, executor })).unwrap();
}

/** Portable agents in threads. */
export function threads(): OverheadContest {
  return overheadContest(`1,000 agents in ${WORKERS} threads`, [
    perFurtherTask("bare piscina", { few: 100, many: 10_100 }, (count) => barePiscina(WORKERS, count)),
    perFurtherTask("Sheaf, thread", { few: 100, many: 1_100 }, (count) =>
      run(independentList(count), "thread"),
    ),
  ]);
}

/** Portable agents in pooled processes. */
export function processes(): OverheadContest {
  return overheadContest(`300 agents in ${WORKERS} processes`, [
    // So little a message that fewer of them drown in what starting a process takes.
    perFurtherTask("bare fork and message", { few: 100, many: 10_100 }, (count) => bareForks(WORKERS, count)),
    perFurtherTask("Sheaf, process", { few: 50, many: 350 }, (count) =>
      run(independentList(count), "process"),
    ),
  ]);
}

/** Shell commands. */
export function commands(): OverheadContest {
  const tasks = independentList(200).map((task) => ({ ...task, run: "true" }));
  return overheadContest(`200 commands, ${WORKERS} at once`, [
    perTask("bare spawn of sh -c true", tasks.length, () => bareCommands(WORKERS, tasks.length)),
    perTask("Sheaf, command", tasks.length, async () => {
      (await executeWithParallelism(tasks, undefined, OPTIONS)).unwrap();
    }),
  ]);
}
