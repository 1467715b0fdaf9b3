// The proof of wrong edges, in parts that are test files of their own so that they run side by side.
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SEEDS } from "../seeds.ts";
import { anyCase } from "./cases.ts";
import { type Case, compare, type Outcome } from "./compare.ts";
import { orderOf } from "./edges.ts";
import type { Blindness } from "./watch.ts";

const PARTS = 4;
const LONG = { timeout: 7_200_000 };

/** Runs a case both ways. @throws WrongResult */
export function checkCase(each: Case, blind: Blindness | null): Promise<Outcome> {
  const ids = each.programs.map(({ id }) => id);
  return compare(each, orderOf(ids, each.needs), blind);
}

/** Defines the test of one part, the first being number 1. */
export function testPart(part: number): void {
  const title =
    "whatever the edges and the order of ends: files, outputs and failures are those of running in order";
  test(`${title} (part ${part} of ${PARTS})`, LONG, async () => {
    const reached = { tasks: 0, conflicts: 0, failures: 0, skipped: 0, absent: 0, listings: 0, links: 0 };
    const all = cases({ ci: 300, full: 10_000, deep: 100_000, seed: SEEDS.wrongEdges });
    const numRuns = all.numRuns / PARTS;
    const seed = all.seed + part - 1;
    const from = performance.now();
    await fc.assert(
      fc.asyncProperty(anyCase, async (each) => {
        const outcome = await checkCase(each, null);
        for (const key of Object.keys(reached) as (keyof typeof reached)[]) reached[key] += outcome[key];
      }),
      { numRuns, seed, timeout: 60_000, endOnFailure: process.env.TEST_SHRINK !== "1" },
    );
    const perSecond = Math.round((numRuns * 1_000) / (performance.now() - from));
    // biome-ignore lint/suspicious/noConsole: the figures of the deep run are in docs/testing.md
    console.log(`${numRuns} cases, ${perSecond} a second: ${JSON.stringify(reached)}`);
    // The cases must reach what they are there for.
    expect(reached.conflicts).toBeGreaterThan(numRuns / 10);
    expect(reached.failures).toBeGreaterThan(numRuns / 100);
    if (numRuns > 1_000) expect(reached.skipped).toBeGreaterThan(0);
    expect(reached.absent).toBeGreaterThan(numRuns);
    expect(reached.listings).toBeGreaterThan(numRuns / 3);
    expect(reached.links).toBeGreaterThan(numRuns / 100);
  });
}
