// What it takes to find the dependencies of long lists that declare what they read and write, and how soon a task starts
// by what a model says.
import { analyze, freeOrder } from "@sheaf/analyzer";
import type { Task } from "@sheaf/core";
import { type Contestant, holdContest } from "../measure/contest.ts";
import { costOf } from "../measure/cost.ts";
import { type Section, type SectionOptions, sayDrift } from "../show/section.ts";
import type { Row } from "../show/table.ts";
import { measureFirstDispatch } from "./first-dispatch.ts";
import { LONG_LISTS, type LongList, TASKS } from "./long-lists.ts";

const STEPS = { read: "read as JSON", analyze: "dependencies", order: "free order" } as const;

/** Measures the analysis of each long list beside reading it as JSON, and the first dispatch while a model answers. */
export async function measureAnalysis(options: SectionOptions): Promise<Section> {
  const rows: Row[] = [];
  const notes = [
    `Lists of ${TASKS.toLocaleString("en")} tasks. Ratio: to the time that JSON.parse takes for the list.`,
  ];
  for (const list of LONG_LISTS) {
    const contest = { contestants: [contestantOf(list)], yardstick: STEPS.read, warmUps: 3 };
    const { standings, drift } = await holdContest(contest, options);
    for (const { name, wallMs, wallRatio } of standings) {
      rows.push({ list: list.name, step: name, ms: wallMs.median, ratio: wallRatio.median });
    }
    notes.push(`${list.name}: ${sayDrift(STEPS.read, drift)}`);
  }
  const columns = [
    { key: "list", heading: "list" },
    { key: "step", heading: "step" },
    { key: "ms", heading: "ms", digits: 1 },
    { key: "ratio", heading: "ratio", digits: 1 },
  ];
  const declared = { title: "Analysis of declared reads and writes", columns, rows, notes };
  return { tables: [declared, await measureFirstDispatch(options)] };
}

function contestantOf({ name, task }: LongList): Contestant {
  const text = JSON.stringify(Array.from({ length: TASKS }, (_, i) => ({ id: `t${i}`, ...task(i) })));
  return {
    name,
    async run() {
      let tasks: readonly Task[] = [];
      const read = await costOf(() => {
        tasks = JSON.parse(text);
      });
      const found = await costOf(() =>
        analyze({ tasks, autoDetect: true, askModel: "never", model: null, exists: () => false }),
      );
      const ordered = await costOf(() => freeOrder(tasks));
      return { [STEPS.read]: read, [STEPS.analyze]: found, [STEPS.order]: ordered };
    },
  };
}
