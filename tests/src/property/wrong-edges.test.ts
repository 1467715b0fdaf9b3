// Tasks that declare nothing and are watched, on graphs that are wrong: what is left is what running in order leaves.
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyCase } from "./observed/cases.ts";
import { type Case, compare, WrongResult } from "./observed/compare.ts";
import { orderOf } from "./observed/edges.ts";
import { BLINDNESSES, type Blindness } from "./observed/watch.ts";

const LONG = { timeout: 7_200_000 };

const check = (each: Case, blind: Blindness | null) => {
  const ids = each.programs.map(({ id }) => id);
  return compare(each, orderOf(ids, each.needs), blind);
};

test(
  "whatever the edges and the order of ends: files, outputs and failures are those of running in order",
  LONG,
  async () => {
    const reached = { tasks: 0, conflicts: 0, failures: 0, skipped: 0, absent: 0, listings: 0, links: 0 };
    const counts = cases({ ci: 300, deep: 10_000 });
    const from = performance.now();
    await fc.assert(
      fc.asyncProperty(anyCase, async (each) => {
        const outcome = await check(each, null);
        for (const key of Object.keys(reached) as (keyof typeof reached)[]) reached[key] += outcome[key];
      }),
      { ...counts, timeout: 60_000, endOnFailure: process.env.TEST_SHRINK !== "1" },
    );
    const perSecond = Math.round((counts.numRuns * 1_000) / (performance.now() - from));
    // biome-ignore lint/suspicious/noConsole: the figures of the deep run are in docs/testing.md
    console.log(`${counts.numRuns} cases, ${perSecond} a second: ${JSON.stringify(reached)}`);
    // The cases must reach what they are there for.
    expect(reached.conflicts).toBeGreaterThan(counts.numRuns / 10);
    expect(reached.failures).toBeGreaterThan(counts.numRuns / 100);
    if (counts.numRuns > 1_000) expect(reached.skipped).toBeGreaterThan(0);
    expect(reached.absent).toBeGreaterThan(counts.numRuns);
    expect(reached.listings).toBeGreaterThan(counts.numRuns / 3);
    expect(reached.links).toBeGreaterThan(counts.numRuns / 100);
  },
);

describe("the proof notices when", () => {
  test.each(BLINDNESSES)("%s are not seen", LONG, async (blind) => {
    const found = await fc.check(
      fc.asyncProperty(anyCase, async (each) => {
        await check(each, blind);
      }),
      { ...cases({ ci: 2_000, deep: 2_000 }), timeout: 60_000, endOnFailure: true },
    );
    expect(found.failed, `none of ${found.numRuns} cases came out wrong`).toBe(true);
    expect(found.errorInstance).toBeInstanceOf(WrongResult);
    // biome-ignore lint/suspicious/noConsole: how soon it is noticed is a figure
    console.log(`without ${blind}: wrong in case ${found.numRuns}`);
  });
});
