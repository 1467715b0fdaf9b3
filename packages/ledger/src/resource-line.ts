import type { AttemptResources } from "@sheaf/core";
import { knownFigure } from "./cost-line.ts";
import { type CostWeights, normalizedCost } from "./normalized-cost.ts";

/** What finished attempts took from the machine. `null` means that no attempt could be measured. */
export interface ResourceLine {
  /** Attempts that ended, in whatever way. */
  readonly attempts: number;
  /** Sum of the times from start to end, in ms. */
  readonly latencyMs: number;
  /** Sum of the times from ready to start, in ms. */
  readonly queueMs: number;
  /** Sum of the processor times that are known, in ms. */
  readonly cpuMs: number | null;
  /** Largest memory of an attempt, in MiB. */
  readonly peakMemoryMiB: number | null;
  /** Largest GPU memory of an attempt, in MiB. */
  readonly vramPeakMiB: number | null;
  readonly modelLoads: number;
  /** Sum of the attempts' normalized costs, dimensionless. */
  readonly normalizedCost: number;
}

export const NO_RESOURCES: ResourceLine = Object.freeze({
  attempts: 0,
  latencyMs: 0,
  queueMs: 0,
  cpuMs: null,
  peakMemoryMiB: null,
  vramPeakMiB: null,
  modelLoads: 0,
  normalizedCost: 0,
});

/** Returns the line of one attempt. */
export function attemptLine(resources: AttemptResources, weights: CostWeights): ResourceLine {
  const latencyMs = knownFigure(resources.latencyMs) ?? 0;
  const vramPeakMiB = knownFigure(resources.vramPeakMiB);
  const modelLoads = knownFigure(resources.modelLoads) ?? 0;
  return {
    attempts: 1,
    latencyMs,
    queueMs: knownFigure(resources.queueMs) ?? 0,
    cpuMs: knownFigure(resources.cpuMs),
    peakMemoryMiB: knownFigure(resources.peakMemoryMiB),
    vramPeakMiB,
    modelLoads,
    normalizedCost: normalizedCost({ latencyMs, vramPeakMiB, modelLoads }, weights),
  };
}

type Combine = (a: number, b: number) => number;
const plus: Combine = (a, b) => a + b;

function ofKnown(combine: Combine, a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : combine(a, b);
}

/** Returns both lines as one: times and loads add up, of the peaks the larger one stays. */
export function joinLines(a: ResourceLine, b: ResourceLine): ResourceLine {
  return {
    attempts: a.attempts + b.attempts,
    latencyMs: a.latencyMs + b.latencyMs,
    queueMs: a.queueMs + b.queueMs,
    cpuMs: ofKnown(plus, a.cpuMs, b.cpuMs),
    peakMemoryMiB: ofKnown(Math.max, a.peakMemoryMiB, b.peakMemoryMiB),
    vramPeakMiB: ofKnown(Math.max, a.vramPeakMiB, b.vramPeakMiB),
    modelLoads: a.modelLoads + b.modelLoads,
    normalizedCost: a.normalizedCost + b.normalizedCost,
  };
}

/** Returns the mean of each figure over the lines that know it. Without lines all is 0 or null. */
export function meanLine(lines: readonly ResourceLine[]): ResourceLine {
  const mean = (field: keyof ResourceLine): number | null => {
    const known = lines.map((line) => line[field]).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce(plus, 0) / known.length;
  };
  return {
    attempts: mean("attempts") ?? 0,
    latencyMs: mean("latencyMs") ?? 0,
    queueMs: mean("queueMs") ?? 0,
    cpuMs: mean("cpuMs"),
    peakMemoryMiB: mean("peakMemoryMiB"),
    vramPeakMiB: mean("vramPeakMiB"),
    modelLoads: mean("modelLoads") ?? 0,
    normalizedCost: mean("normalizedCost") ?? 0,
  };
}
