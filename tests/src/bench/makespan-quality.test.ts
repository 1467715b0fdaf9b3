import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type LoadedWorkflow, loadWorkflows } from "../../../bench/src/load-workflows.ts";
import { makespanRow } from "../../../bench/src/makespan-row.ts";
import { type Optima, readOptima } from "../../../bench/src/optimum.ts";
import { tightBound } from "../../../bench/src/tight-bound.ts";

// Public data sets that are read in place: they lie beside the checkout and are no part of it.
const data = join(import.meta.dirname, "../../../../shared/data");
const PROCESSORS = [2, 4, 8, 16];

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe.skipIf(!existsSync(data))("on published graphs (left out where ../shared/data is absent)", () => {
  let optima: Optima;
  let stg: readonly LoadedWorkflow[];
  let wf: readonly LoadedWorkflow[];
  beforeAll(() => {
    const quiet = (): void => {};
    optima = readOptima(PROCESSORS.map((count) => join(data, `stg/optimal_${count}.csv`)));
    stg = loadWorkflows([join(data, "stg")], quiet);
    wf = loadWorkflows([join(data, "wf")], quiet);
  });

  /** Makespan by "ready" over the proven optimum, for every graph that has one. */
  const overOptimum = (processors: number, sigma: number): number[] =>
    stg.flatMap((workflow) => {
      const { ready, optimum, bound } = makespanRow(workflow, processors, {
        optima,
        estimates: { sigma, seed: 1 },
      });
      expect(ready).toBeGreaterThanOrEqual(optimum ?? bound);
      return optimum === null ? [] : [ready / optimum];
    });
  const overTightBound = (processors: number, sigma: number): number[] =>
    wf.map((workflow) => {
      const { ready } = makespanRow(workflow, processors, { optima, estimates: { sigma, seed: 1 } });
      return ready / tightBound(workflow.graph, workflow.durations, processors);
    });

  test.each(PROCESSORS)(
    "with %i processors the mean is within 0.8 %% of the optimum, 7 %% by bad estimates",
    (p) => {
      expect(mean(overOptimum(p, 0))).toBeLessThanOrEqual(1.008);
      expect(mean(overOptimum(p, 0.8))).toBeLessThanOrEqual(1.07);
    },
  );

  test.each(PROCESSORS)(
    "with %i processors real workflows come within 3.5 %% of a lower bound, 7 %% by bad estimates",
    (p) => {
      expect(mean(overTightBound(p, 0))).toBeLessThanOrEqual(1.035);
      expect(mean(overTightBound(p, 0.8))).toBeLessThanOrEqual(1.07);
    },
  );

  test("a barrier after each level costs real workflows a tenth and more", () => {
    for (const processors of [4, 8, 16]) {
      const rows = wf.map((workflow) =>
        makespanRow(workflow, processors, { optima, estimates: { sigma: 0, seed: 1 } }),
      );
      expect(mean(rows.map(({ levels, ready }) => levels / ready))).toBeGreaterThan(1.1);
    }
  });
});
