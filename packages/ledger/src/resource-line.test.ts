import type { AttemptResources } from "@sheaf/core";
import { describe, expect, it } from "vitest";
import { DEFAULT_COST_WEIGHTS } from "./normalized-cost.ts";
import { attemptLine, joinLines, meanLine, NO_RESOURCES, type ResourceLine } from "./resource-line.ts";

const resources: AttemptResources = {
  latencyMs: 100,
  queueMs: 10,
  cpuMs: 50,
  peakMemoryMiB: 200,
  vramPeakMiB: 500,
  modelLoads: 2,
};
const line = (changes: Partial<AttemptResources> = {}): ResourceLine =>
  attemptLine({ ...resources, ...changes }, DEFAULT_COST_WEIGHTS);
const blind = line({ cpuMs: null, peakMemoryMiB: null, vramPeakMiB: null });

describe("attemptLine", () => {
  it("is what the attempt took, with its normalized cost", () => {
    expect(line()).toEqual({ ...resources, attempts: 1, normalizedCost: 25.1 });
  });

  it("keeps unknown what could not be measured", () => {
    expect(blind).toMatchObject({
      cpuMs: null,
      peakMemoryMiB: null,
      vramPeakMiB: null,
      normalizedCost: 20.1,
    });
  });

  it("takes figures that a journal could not hold for nothing, and never throws", () => {
    const unheld = { latencyMs: null, modelLoads: Number.NaN, vramPeakMiB: -1, cpuMs: undefined } as never;
    expect(line(unheld)).toMatchObject({
      latencyMs: 0,
      modelLoads: 0,
      vramPeakMiB: null,
      cpuMs: null,
      normalizedCost: 0,
    });
  });
});

describe("joinLines", () => {
  it("adds times, loads and costs, and keeps the larger peak", () => {
    const more = line({ latencyMs: 300, peakMemoryMiB: 100, vramPeakMiB: 700, modelLoads: 0 });
    expect(joinLines(line(), more)).toEqual({
      attempts: 2,
      latencyMs: 400,
      queueMs: 20,
      cpuMs: 100,
      peakMemoryMiB: 200,
      vramPeakMiB: 700,
      modelLoads: 2,
      normalizedCost: 25.1 + 7.3,
    });
  });

  it("knows what either line knows, and not more", () => {
    const known = { cpuMs: 50, peakMemoryMiB: 200, vramPeakMiB: 500 };
    expect(joinLines(line(), blind)).toMatchObject(known);
    expect(joinLines(blind, line())).toMatchObject(known);
    expect(joinLines(blind, blind)).toMatchObject({ cpuMs: null, peakMemoryMiB: null, vramPeakMiB: null });
    expect(joinLines(NO_RESOURCES, blind)).toEqual(blind);
  });
});

describe("meanLine", () => {
  it("is the mean of each figure over the lines that know it", () => {
    const mean = meanLine([line(), line({ latencyMs: 300, vramPeakMiB: 700 }), blind]);
    expect(mean).toMatchObject({ attempts: 1, latencyMs: 500 / 3, queueMs: 10, cpuMs: 50, vramPeakMiB: 600 });
  });

  it("is nothing without lines", () => {
    expect(meanLine([])).toEqual(NO_RESOURCES);
  });
});
