import { type AttemptResources, SheafError } from "@sheaf/core";

/** What one unit of each figure weighs: a millisecond, a MiB of GPU memory, a load of a model. */
export interface CostWeights {
  readonly latencyMs: number;
  readonly vramPeakMiB: number;
  readonly modelLoads: number;
}

export const DEFAULT_COST_WEIGHTS: CostWeights = Object.freeze({
  latencyMs: 0.001,
  vramPeakMiB: 0.01,
  modelLoads: 10,
});

/** The figures of an attempt that its normalized cost rests on. */
export type WeighedFigures = Pick<AttemptResources, "latencyMs" | "vramPeakMiB" | "modelLoads">;

function checked(field: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new SheafError("USAGE_INVALID", { field, expected: "a finite number >= 0", got: value });
}

/**
 * Returns the weights when they can be used.
 *
 * @throws SheafError USAGE_INVALID when one is negative or not finite.
 */
export function checkCostWeights(weights: CostWeights): CostWeights {
  if (typeof weights !== "object" || weights === null) {
    throw new SheafError("USAGE_INVALID", { field: "weights", expected: "an object", got: weights });
  }
  checked("weights.latencyMs", weights.latencyMs);
  checked("weights.vramPeakMiB", weights.vramPeakMiB);
  checked("weights.modelLoads", weights.modelLoads);
  return weights;
}

/**
 * Returns the weighted cost of one attempt, dimensionless.
 *
 * cost = 0.001 x latencyMs + 0.01 x vramPeakMiB + 10 x modelLoads, with other weights where given;
 * a GPU memory that could not be measured counts 0.
 *
 * @throws SheafError USAGE_INVALID when a figure or a weight is negative or not finite.
 * @example normalizedCost({ latencyMs: 150.5, vramPeakMiB: 512, modelLoads: 0 }) // 5.2705
 */
export function normalizedCost(figures: WeighedFigures, weights: CostWeights = DEFAULT_COST_WEIGHTS): number {
  checkCostWeights(weights);
  return (
    weights.latencyMs * checked("latencyMs", figures.latencyMs) +
    weights.vramPeakMiB * checked("vramPeakMiB", figures.vramPeakMiB ?? 0) +
    weights.modelLoads * checked("modelLoads", figures.modelLoads)
  );
}
