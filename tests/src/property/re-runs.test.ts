// What missing edges cost: the share of tasks that run twice. That they cost nothing else is wrong-edges.test.ts.
import { expect, test } from "vitest";
import { compare, type Outcome } from "./observed/compare.ts";
import { needsOf, orderOf, type Pair } from "./observed/edges.ts";
import { type FrozenList, frozenList } from "./observed/frozen-lists.ts";

const LISTS = process.env.TEST_DEEP === "1" ? 200 : 20;
const WORKERS = 4;
/** More than this says that something has become worse; the goal is 0.15. */
const MOST = 0.2;

function run({ files, programs, pauses }: FrozenList, edges: readonly Pair[]): Promise<Outcome> {
  const ids = programs.map(({ id }) => id);
  const needs = needsOf(ids, edges);
  const common = {
    files,
    programs,
    pauses,
    needs,
    policies: {},
    mode: "parallel",
    maxWorkers: WORKERS,
  } as const;
  return compare({ ...common, learnedFrom: null }, orderOf(ids, needs), null);
}

/** Tasks that lack a true edge. */
const lacking = ({ trueEdges, keptEdges }: FrozenList): number =>
  new Set(trueEdges.filter((edge) => !keptEdges.includes(edge)).map(([, to]) => to)).size;

test("without missing edges no task runs twice, and the share that does grows with what is missing", async () => {
  const sum = { tasks: 0, lacking: 0, quarter: 0, all: 0, none: 0 };
  for (let seed = 1; seed <= LISTS; seed++) {
    const list = frozenList(seed);
    const quarter = await run(list, list.keptEdges);
    sum.tasks += quarter.tasks;
    sum.lacking += lacking(list);
    sum.quarter += quarter.conflicts;
    sum.all += (await run(list, list.trueEdges)).conflicts;
    sum.none += (await run(list, [])).conflicts;
  }
  const share = (conflicts: number): string => `${((100 * conflicts) / sum.tasks).toFixed(1)} %`;
  // biome-ignore lint/suspicious/noConsole: the figures of the deep run are in docs/testing.md
  console.log(
    `run twice of ${sum.tasks} tasks: ${share(sum.quarter)} with 25 % of the true edges missing (${share(sum.lacking)} lack one), ` +
      `${share(sum.none)} with all missing`,
  );
  expect(sum.all).toBe(0);
  expect(sum.quarter).toBeGreaterThan(0);
  expect(sum.quarter / sum.tasks).toBeLessThanOrEqual(MOST);
  expect(sum.none).toBeGreaterThan(sum.quarter);
});
