// What is observed of a program is all that it reads: where an earlier task has changed none of it, it does the same.
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lookCase } from "./looks/cases.ts";
import { compareLooks, type LookOutcome } from "./looks/compare.ts";
import { SEEDS } from "./seeds.ts";

/** Somebody whom the modes of files stop. */
const NOBODY = 65_534;

const isRoot = process.geteuid!() === 0;
beforeAll(() => {
  if (isRoot) process.seteuid!(NOBODY);
});
afterAll(() => {
  if (isRoot) process.seteuid!(0);
});

test("who has seen nothing of what an earlier task changed does what it does after it", {
  timeout: 7_200_000,
}, async () => {
  const reached = { conflicts: 0, untouched: 0, errors: 0, incomplete: 0 };
  const parameters = cases({ ci: 500, full: 1_500, deep: 100_000, seed: SEEDS.looks });
  const from = performance.now();
  await fc.assert(
    fc.asyncProperty(lookCase, async (each) => {
      const outcome: LookOutcome = await compareLooks(each);
      for (const key of Object.keys(reached) as (keyof typeof reached)[]) reached[key] += outcome[key];
    }),
    { ...parameters, timeout: 60_000, endOnFailure: process.env.TEST_SHRINK !== "1" },
  );
  const perSecond = Math.round((parameters.numRuns * 1_000) / (performance.now() - from));
  // biome-ignore lint/suspicious/noConsole: the figures of the deep run are in docs/testing.md
  console.log(`${parameters.numRuns} cases, ${perSecond} a second: ${JSON.stringify(reached)}`);
  // The cases must reach what they are there for.
  expect(reached.conflicts).toBeGreaterThan(parameters.numRuns / 10);
  expect(reached.untouched).toBeGreaterThan(parameters.numRuns / 10);
  expect(reached.errors).toBeGreaterThan(parameters.numRuns / 10);
  // A folder that a program has removed under its own feet cannot be asked for.
  expect(reached.incomplete).toBeLessThan(parameters.numRuns / 100);
});
