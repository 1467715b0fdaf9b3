// How soon a task starts once a model has spoken about it, while the rest of the answer is still to come.
import { executeWithParallelism } from "sheaf";
import { shuffled } from "../measure/contest.ts";
import { spreadOf } from "../measure/spread.ts";
import { randomNumbers } from "../random-numbers.ts";
import type { SectionOptions } from "../show/section.ts";
import type { Table } from "../show/table.ts";
import { heldModel } from "./held-model.ts";

const LENGTHS = [10, 500] as const;
/** After that the second task starts in its turn, whatever the model has said. */
export const LONGEST_WAIT_MS = 10_000;
/** Runs of each list in a round. */
const RUNS = 5;

/** Measures the time from the server's writing of a first record to the start of its task. */
export async function measureFirstDispatch({ rounds, seed, note }: SectionOptions): Promise<Table> {
  const random = randomNumbers(seed);
  const took = new Map<number, number[]>(LENGTHS.map((length) => [length, []]));
  for (const length of LENGTHS) await firstDispatchMs(length);
  for (let round = 1; round <= rounds; round++) {
    note(`round ${round} of ${rounds}: first dispatch`);
    const runs = LENGTHS.flatMap((length) => Array<number>(RUNS).fill(length));
    for (const length of shuffled(runs, random)) took.get(length)!.push(await firstDispatchMs(length));
  }
  return {
    title: "First dispatch while a model answers",
    columns: [
      { key: "tasks", heading: "tasks" },
      { key: "ms", heading: "ms", digits: 1 },
      { key: "most", heading: "slowest", digits: 1 },
    ],
    rows: LENGTHS.map((tasks) => {
      const { median, most } = spreadOf(took.get(tasks)!);
      return { tasks, ms: median, most };
    }),
    notes: [
      `Medians of ${rounds * RUNS} runs, from the moment at which a server on this machine writes the record of a task to the start of that task in this thread; the server then says no more.`,
    ],
  };
}

/** Returns how long the second task of a list waits after the record about it, in ms. */
export async function firstDispatchMs(length: number): Promise<number> {
  await using model = await heldModel();
  let start = (_at: number): void => {};
  const startedAt = new Promise<number>((resolve) => {
    start = resolve;
  });
  const tasks = Array.from({ length }, (_, i) => ({ id: `t${i + 1}`, description: `do step ${i + 1}` }));
  const agent = async ({ id }: { readonly id: string }): Promise<void> => {
    if (id === "t2") start(performance.now());
    // Until then, or it would be the second task's turn.
    else await startedAt;
  };
  const run = executeWithParallelism(tasks, agent, {
    ...{ env: {}, modelBaseUrl: model.baseUrl, useLlmDeps: "always", maxWorkers: 2 },
    taskTimeoutMs: LONGEST_WAIT_MS,
  });
  const [started, spoken] = await Promise.all([startedAt, model.spokenAt]);
  run.cancel();
  await run;
  return started - spoken;
}
