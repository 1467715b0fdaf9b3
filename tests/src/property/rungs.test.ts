// Real programs on every rung: what is left is what running them in order leaves, and the same on each.
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { WrongResult } from "./observed/compare.ts";
import { rungCase, shellCase } from "./rungs/cases.ts";
import { type Expected, expectedOf, type RungOutcome, runOnRung } from "./rungs/run-cases.ts";
import { RUNGS, type Rung, whyNot } from "./rungs/rungs.ts";

const LONG = 7_200_000;
/** Where everything is checked a rung that does not come up is a failure. */
const mandatory = process.env.CI !== undefined && process.platform === "linux";
const table = RUNGS.map((rung) => ({ ...rung, why: whyNot(rung) }));
// biome-ignore lint/suspicious/noConsole: what was not checked must not pass for checked
for (const { name, why } of table) if (why !== null) console.log(`${name}: skipped: ${why}`);

describe("real programs in sh, python3 and node, whatever their edges and the order of their ends", () => {
  const { numRuns, seed } = cases({ ci: 50, deep: 500 });
  let expected: readonly Expected[] = [];
  const outcomes = new Map<string, RungOutcome>();

  beforeAll(() => {
    expected = fc.sample(rungCase, { numRuns, seed }).map(expectedOf);
  }, LONG);

  test.concurrent.each(table)(
    "leave what running them in order leaves: $name",
    async ({ why, ...rung }) => {
      if (why !== null && mandatory) throw new Error(`The rung does not come up: ${why}`);
      if (why !== null) return;
      const from = performance.now();
      const outcome = await runOnRung(rung, expected);
      outcomes.set(rung.name, outcome);
      const seconds = Math.round((performance.now() - from) / 1_000);
      // biome-ignore lint/suspicious/noConsole: the figures of the deep run are in docs/testing.md
      console.log(`${rung.name}: ${numRuns} cases in ${seconds} s, seed ${seed}: ${JSON.stringify(outcome)}`);
      expect(outcome.conflicts).toBeGreaterThan(0);
      expect(outcome.failures).toBeGreaterThan(0);
    },
    LONG,
  );

  test("leave the same tree on every rung", () => {
    expect(new Set([...outcomes.values()].map(({ hash }) => hash)).size).toBeLessThanOrEqual(1);
    const came = table.filter(({ why }) => why === null).map(({ name }) => name);
    expect([...outcomes.keys()].sort()).toEqual([...came].sort());
  });
});

/** Most cases that are run for something that is not seen, and how many at once. */
const MOST_CASES = 200;
const AT_ONCE = 10;

async function firstWrong(rung: Rung, blind: string): Promise<number | null> {
  const { seed } = cases({ ci: 1, deep: 1 });
  const blinded = [
    "--import",
    `${new URL("./rungs/blind-overlay.mjs", import.meta.url).href}?${encodeURIComponent(blind)}`,
  ];
  const list = fc.sample(shellCase, { numRuns: MOST_CASES, seed });
  for (let from = 0; from < list.length; from += AT_ONCE) {
    try {
      await runOnRung(rung, list.slice(from, from + AT_ONCE).map(expectedOf), blinded);
    } catch (error) {
      if (!(error instanceof WrongResult)) throw error;
      return from + Number(/case (\d+)/.exec(error.message)![1]);
    }
  }
  return null;
}

const overlay = table.find(({ staging, why }) => staging === "overlay" && why === null);

describe.skipIf(overlay === undefined)("the proof notices when in overlays", () => {
  test.concurrent.each([
    { what: "the whiteouts of a task are not seen", blind: "whiteouts" },
    { what: "what a folder hides that was removed and made again is not seen", blind: "opaque folders" },
    { what: "nothing is hidden by a layer", blind: "layers" },
  ])(
    "$what",
    async ({ blind }) => {
      const found = await firstWrong(overlay!, blind);
      // biome-ignore lint/suspicious/noConsole: how soon it is noticed is a figure
      console.log(`without ${blind}: wrong in case ${found}`);
      expect(found, `none of ${MOST_CASES} cases came out wrong`).not.toBeNull();
    },
    LONG,
  );
});
