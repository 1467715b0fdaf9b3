// Random commands that are watched: what they did in one folder is taken over to another where they do the same there.
import { cases } from "@sheaf/testkit";
import { trackShim } from "@sheaf/workdir";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scriptCase } from "./commands/cases.ts";
import { type CaseOutcome, checkCase } from "./commands/check-case.ts";
import { HARD_CASES } from "./commands/hard-cases.ts";
import { ScriptRunner } from "./commands/script-runner.ts";
import { SEEDS } from "./seeds.ts";

const shim = await trackShim();
const why = "missing" in shim ? shim.missing : null;
const title = "commands that are watched";

test.runIf(process.platform === "linux" && process.env.CI !== undefined)(
  "where everything is checked, commands can be watched",
  () => expect(why).toBeNull(),
);

describe.skipIf(why !== null)(why === null ? title : `${title} (skipped: ${why})`, () => {
  const { library } = shim as { library: string };

  test.each(HARD_CASES)("conflict with who changed what was looked at: one $what", async (each) => {
    using runner = new ScriptRunner();
    const { conflict, taken } = await checkCase(each, { library, runner });
    expect({ conflict, taken }).toEqual({ conflict: each.earlier.length, taken: 0 });
  });

  test("leave, where there is no conflict, what running them later leaves", {
    timeout: 7_200_000,
  }, async () => {
    const { numRuns, seed } = cases({ ci: 40, full: 120, deep: 10_000, seed: SEEDS.commands });
    const outcomes: CaseOutcome[] = [];
    const from = performance.now();
    using runner = new ScriptRunner();
    await fc.assert(
      fc.asyncProperty(scriptCase, async (each) => {
        outcomes.push(await checkCase(each, { library, runner }));
      }),
      { numRuns, seed },
    );
    const sum = (of: (outcome: CaseOutcome) => number): number =>
      outcomes.reduce((total, outcome) => total + of(outcome), 0);
    const reached = {
      conflicts: sum(({ conflict }) => conflict),
      taken: sum(({ taken }) => taken),
      changes: sum(({ taken, writes }) => (writes ? taken : 0)),
      failures: sum(({ failed }) => Number(failed)),
    };
    const unknown = sum(({ incomplete }) => Number(incomplete !== null));
    const seconds = Math.round((performance.now() - from) / 1_000);
    // biome-ignore lint/suspicious/noConsole: the figures of the deep run are in docs/testing.md
    console.log(
      `${numRuns} scripts in ${seconds} s, seed ${seed}: ${JSON.stringify({ ...reached, unknown })}`,
    );
    // The cases must reach what they are there for.
    if (numRuns >= 120)
      for (const count of Object.values(reached)) expect(count).toBeGreaterThan(numRuns / 40);
    expect(unknown).toBeLessThan(numRuns / 20);
  });
});
