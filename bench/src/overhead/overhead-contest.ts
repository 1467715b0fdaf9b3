import type { Contest, Contestant } from "../measure/contest.ts";
import { costOf } from "../measure/cost.ts";
import { type Sizes, slopeOf } from "./slope.ts";

/** A contest whose costs are told for one task. */
export interface OverheadContest extends Contest {
  readonly what: string;
  /** How many tasks stand behind each cost, by name. A cost that is not here comes once, not with each task. */
  readonly tasks: Readonly<Record<string, number>>;
}

/** Somebody who does so many tasks. */
export interface PerTask extends Contestant {
  readonly tasks: number;
}

/** Returns a contestant whose work does so many tasks. */
export function perTask(name: string, tasks: number, work: () => Promise<unknown>): PerTask {
  return { name, tasks, run: async () => ({ [name]: await costOf(work) }) };
}

/** Returns a contestant that is measured with few tasks and with many, so that its start does not count as a task's. */
export function perFurtherTask(
  name: string,
  sizes: Sizes,
  work: (count: number) => Promise<unknown>,
): PerTask {
  return {
    name,
    tasks: sizes.many - sizes.few,
    async run() {
      const { tasks, once } = await slopeOf(work, sizes);
      return { [name]: tasks, [`${name}: start and end`]: once };
    },
  };
}

/** Puts contestants together; the first is the yardstick. */
export function overheadContest(what: string, contestants: readonly PerTask[]): OverheadContest {
  return {
    what,
    contestants,
    yardstick: contestants[0]!.name,
    tasks: Object.fromEntries(contestants.map(({ name, tasks }) => [name, tasks])),
  };
}
