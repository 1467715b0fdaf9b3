import { describe, expect, it } from "vitest";
import { DEFAULT_COST_WEIGHTS, normalizedCost } from "./normalized-cost.ts";

describe("normalizedCost", () => {
  it("weighs milliseconds, GPU memory and model loads", () => {
    expect(normalizedCost({ latencyMs: 100, vramPeakMiB: 500, modelLoads: 2 })).toBe(25.1);
    expect(normalizedCost({ latencyMs: 150.5, vramPeakMiB: 512, modelLoads: 0 })).toBe(5.2705);
  });

  it("counts a GPU memory that could not be measured as nothing", () => {
    expect(normalizedCost({ latencyMs: 1000, vramPeakMiB: null, modelLoads: 0 })).toBe(1);
  });

  it("takes the weights that it is given", () => {
    const weights = { latencyMs: 1, vramPeakMiB: 0, modelLoads: 100 };
    expect(normalizedCost({ latencyMs: 7, vramPeakMiB: 512, modelLoads: 3 }, weights)).toBe(307);
  });

  it("refuses figures and weights that are negative or not finite, and names them", () => {
    const good = { latencyMs: 1, vramPeakMiB: 1, modelLoads: 1 };
    expect(() => normalizedCost({ ...good, latencyMs: -1 })).toThrow(
      "Expected usage `latencyMs` to be a finite number >= 0, got -1.",
    );
    expect(() => normalizedCost({ ...good, vramPeakMiB: -0.5 })).toThrow("`vramPeakMiB`");
    expect(() => normalizedCost({ ...good, modelLoads: Number.NaN })).toThrow("`modelLoads`");
    expect(() => normalizedCost(good, { ...DEFAULT_COST_WEIGHTS, vramPeakMiB: -1 })).toThrow(
      "`weights.vramPeakMiB`",
    );
  });
});
