import type { AttemptRecord, World } from "./world.ts";

/** Time in vain that is never worth a thought, in ms. */
const TRIFLE_MS = 1_000;

/** Counts what was done ahead in vain, and says when that is enough. */
export class Waste {
  #totalMs = 0;
  #wastedMs = 0;
  #spent = false;

  /** Takes an attempt that has ended. */
  count({ resources, reused }: AttemptRecord): void {
    if (!reused) this.#totalMs += resources.latencyMs;
  }

  /**
   * Takes an attempt whose task runs again, as what it had read has changed. Returns a sentence when the budget is
   * spent by it, the first time.
   */
  conflicted(world: World, { resources, reused }: AttemptRecord): string | null {
    if (!reused) this.#wastedMs += resources.latencyMs;
    const { mode, wasteShare, wasteUsd } = world.settings;
    if (this.#spent || mode !== "parallel") return null;
    const usd = world.costs.summary().byClass["conflict-rerun"].usd ?? 0;
    const tooLong = this.#wastedMs > Math.max(TRIFLE_MS, wasteShare * this.#totalMs);
    const tooMuch = wasteUsd !== null && usd > wasteUsd;
    if (!tooLong && !tooMuch) return null;
    this.#spent = true;
    const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
    const what = tooMuch
      ? `$${usd.toFixed(4)} went into attempts in vain`
      : `${seconds(this.#wastedMs)} of ${seconds(this.#totalMs)} were attempts in vain`;
    return `${what}, so the run goes on by the dependencies that were found.`;
  }
}
