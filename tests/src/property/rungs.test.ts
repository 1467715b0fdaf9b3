// Real programs on every rung: what is left is what running them in order leaves, and the same on each.
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { beforeAll, describe, expect, type TestContext, test } from "vitest";
import { WrongResult } from "./observed/compare.ts";
import { rungCase, shellCase } from "./rungs/cases.ts";
import { type Expected, expectedOf, NoRung, type RungOutcome, runOnRung } from "./rungs/run-cases.ts";
import { isMandatory, RUNGS, type Rung, whyNot } from "./rungs/rungs.ts";
import { SEEDS } from "./seeds.ts";

const LONG = 7_200_000;
/** Does something on a rung. One that does not come up fails the test or skips it, and says why. */
async function onRung<T>(context: TestContext, rung: Rung, work: () => Promise<T>): Promise<T> {
  try {
    const why = whyNot(rung);
    if (why !== null) throw new NoRung(why);
    return await work();
  } catch (error) {
    if (!(error instanceof NoRung)) throw error;
    if (isMandatory(rung))
      throw new Error(`${rung.name} does not come up: ${error.message}`, { cause: error });
    // biome-ignore lint/suspicious/noConsole: what was not checked must not pass for checked
    console.log(`${rung.name}: skipped: ${error.message}`);
    return context.skip(error.message);
  }
}

describe("real programs in sh, python3 and node, whatever their edges and the order of their ends", () => {
  const { numRuns, seed } = cases({ ci: 10, full: 50, deep: 500, seed: SEEDS.rungs });
  let expected: readonly Expected[] = [];
  const hashes = new Map<string, string>();

  beforeAll(() => {
    expected = fc.sample(rungCase, { numRuns, seed }).map(expectedOf);
  }, LONG);

  test.concurrent.for(RUNGS)(
    "leave what running them in order leaves: $name",
    { timeout: LONG },
    async (rung, context) => {
      const from = performance.now();
      const outcome = await onRung(context, rung, () => runOnRung(rung, expected));
      hashes.set(rung.name, outcome.hash);
      const seconds = Math.round((performance.now() - from) / 1_000);
      // biome-ignore lint/suspicious/noConsole: the figures of the deep run are in docs/testing.md
      console.log(`${rung.name}: ${numRuns} cases in ${seconds} s, seed ${seed}: ${sayOutcome(outcome)}`);
      // The cases must reach what they are there for.
      expect(outcome.conflicts).toBeGreaterThan(0);
      if (numRuns >= 50) expect(outcome.failures).toBeGreaterThan(0);
    },
  );

  test("leave the same tree on every rung", () => {
    expect([...hashes.keys()]).toEqual(
      expect.arrayContaining(RUNGS.filter(isMandatory).map(({ name }) => name)),
    );
    expect(new Set(hashes.values()).size).toBeLessThanOrEqual(1);
  });
});

const sayOutcome = ({ hash, tasks, conflicts, failures }: RungOutcome): string =>
  `${tasks} tasks, ${conflicts} conflicts, ${failures} failures, trees ${hash.slice(0, 12)}`;

/** Most cases that are run for something that is not seen. One in a hundred or so goes wrong; frozen seeds are lucky. */
const MOST_CASES = { ci: 200, deep: 1_000 };
const AT_ONCE = 2;
const OVERLAYS = RUNGS.filter(({ staging }) => staging === "overlay");

async function firstWrong(rung: Rung, blind: string, frozen: number): Promise<number> {
  const { numRuns, seed } = cases({ ...MOST_CASES, seed: frozen });
  const blinding = new URL(`./rungs/blind-overlay.mjs?${encodeURIComponent(blind)}`, import.meta.url);
  const list = fc.sample(shellCase, { numRuns, seed });
  for (let from = 0; from < list.length; from += AT_ONCE) {
    try {
      const some = list.slice(from, from + AT_ONCE).map(expectedOf);
      await runOnRung(rung, some, ["--import", blinding.href]);
    } catch (error) {
      if (!(error instanceof WrongResult)) throw error;
      return from + Number(/case (\d+)/.exec(error.message)![1]);
    }
  }
  throw new Error(`none of ${numRuns} cases came out wrong`);
}

describe("the proof notices when in overlays", () => {
  test.concurrent.for([
    { what: "the whiteouts of a task are not seen", blind: "whiteouts", seed: SEEDS.blindOverlay },
    {
      what: "what a folder hides that was removed and made again is not seen",
      blind: "opaque folders",
      seed: SEEDS.blindOverlay,
    },
    { what: "nothing is hidden by a layer", blind: "layers", seed: SEEDS.blindLayers },
  ])("$what", { timeout: LONG }, async ({ blind, seed }, context) => {
    const rung = OVERLAYS.find((each) => whyNot(each) === null) ?? OVERLAYS[0]!;
    const found = await onRung(context, rung, () => firstWrong(rung, blind, seed));
    // biome-ignore lint/suspicious/noConsole: how soon it is noticed is a figure
    console.log(`without ${blind}: wrong in case ${found}`);
  });
});
