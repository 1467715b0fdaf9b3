// Tasks that declare nothing and are watched, on graphs that are wrong: what is left is what running in order leaves.
// The proof itself is in wrong-edges/; here it is seen to notice what is left out.
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyCase } from "./observed/cases.ts";
import { WrongResult } from "./observed/compare.ts";
import { checkCase } from "./observed/proof.ts";
import { BLINDNESSES } from "./observed/watch.ts";
import { SEEDS } from "./seeds.ts";

const MOST_CASES = 2_000;

describe("the proof notices when", () => {
  test.each(BLINDNESSES)("%s are not seen", { timeout: 7_200_000 }, async (blind) => {
    const found = await fc.check(
      fc.asyncProperty(anyCase, async (each) => {
        await checkCase(each, blind);
      }),
      {
        ...cases({ ci: MOST_CASES, deep: MOST_CASES, seed: SEEDS.wrongEdges }),
        ...{ timeout: 60_000, endOnFailure: true },
      },
    );
    expect(found.failed, `none of ${found.numRuns} cases came out wrong`).toBe(true);
    expect(found.errorInstance).toBeInstanceOf(WrongResult);
    // biome-ignore lint/suspicious/noConsole: how soon it is noticed is a figure
    console.log(`without ${blind}: wrong in case ${found.numRuns}`);
  });
});
