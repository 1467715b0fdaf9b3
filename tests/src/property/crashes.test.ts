// A run is cut off after each of its changes on the disk, the lines of its journal among them, and gone on with.
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crashAfter } from "./crashes/crash.ts";
import { HARD_CASES } from "./crashes/hard-cases.ts";
import { anyCase } from "./observed/cases.ts";
import type { Case } from "./observed/compare.ts";
import { orderOf } from "./observed/edges.ts";
import { SEEDS } from "./seeds.ts";

const MOST_TASKS = 4;
const small: fc.Arbitrary<Case> = anyCase
  .filter(({ programs }) => programs.length >= 2 && programs.length <= MOST_TASKS)
  .map((each) => ({ ...each, mode: "parallel" as const }));

test.each(HARD_CASES)("the run goes on although $why", async ({ changes, each }) => {
  const ids = each.programs.map(({ id }) => id);
  // One change more or less where what a session writes has become another.
  for (let cut = changes - 5; cut <= changes + 5; cut++)
    await crashAfter(cut, each, orderOf(ids, each.needs));
});

test("wherever a run is cut off, the directory is the result of the first so many tasks, and the run goes on from there", {
  timeout: 7_200_000,
}, async () => {
  const { numRuns, seed } = cases({ ci: 2, full: 10, deep: 100, seed: SEEDS.crashes });
  const sum = { cases: 0, crashes: 0, kept: 0, relaunched: 0 };
  const from = performance.now();
  for (const each of fc.sample(small, { numRuns, seed })) {
    const ids = each.programs.map(({ id }) => id);
    const order = orderOf(ids, each.needs);
    sum.cases += 1;
    for (let changes = 0; ; changes++) {
      try {
        const { uncut, kept, relaunched } = await crashAfter(changes, each, order);
        if (uncut) break;
        sum.crashes += 1;
        sum.kept += kept;
        sum.relaunched += relaunched;
      } catch (error) {
        const where = `seed ${seed}, case ${sum.cases}, cut off after ${changes} changes`;
        throw new Error(
          `${where}: ${(error as Error).message}\n${JSON.stringify({ ...each, needs: [...each.needs] })}`,
          { cause: error },
        );
      }
    }
  }
  const seconds = Math.round((performance.now() - from) / 1_000);
  // biome-ignore lint/suspicious/noConsole: the figures of the deep run are in docs/testing.md
  console.log(`${JSON.stringify(sum)} in ${seconds} s`);
  expect(sum.kept).toBeGreaterThan(sum.crashes / 10);
  expect(sum.relaunched).toBeGreaterThan(0);
});
