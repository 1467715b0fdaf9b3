import type { Conditions } from "../measure/conditions.ts";
import { NOISY_DRIFT } from "../measure/contest.ts";
import type { Table } from "./table.ts";

/** What one part of the benchmark found. */
export interface Section {
  readonly tables: readonly Table[];
}

export interface SectionOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Is told what is being done. */
  readonly note: (sentence: string) => void;
}

/** Measures one part; null, with a note that says why, where it cannot be measured here. */
export type MeasureSection = (options: SectionOptions) => Promise<Section | null>;

/** Says how far a yardstick drifted between rounds. */
export function sayDrift(yardstick: string, drift: number): string {
  const noisy = drift > NOISY_DRIFT ? `; noisy: more than ${NOISY_DRIFT} times` : "";
  return `Yardstick: ${yardstick}. Its slowest round took ${drift.toFixed(2)} times its fastest${noisy}.`;
}

/** Says under what conditions a section was measured. */
export function sayConditions({ loadBefore, loadAfter, othersPercent }: Conditions): string {
  return `Load ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after; other programs used ${othersPercent} % of the processors meanwhile.`;
}
