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
    if (this.#spent || world.settings.mode !== "parallel") return null;
    const what = this.#tooMuch(world);
    if (what === null) return null;
    this.#spent = true;
    return `${what}, so the run goes on by the dependencies that were found.`;
  }

  #tooMuch({ settings, costs }: World): string | null {
    const { wasteShare, wasteUsd, wasteTokens } = settings;
    const { usd, inputTokens, outputTokens } = costs.summary().byClass["conflict-rerun"];
    if (wasteUsd !== null && usd !== null && usd > wasteUsd) {
      return `$${usd.toFixed(4)} went into attempts in vain`;
    }
    const tokens = inputTokens + outputTokens;
    if (wasteTokens !== null && tokens > wasteTokens) return `${tokens} tokens went into attempts in vain`;
    if (this.#wastedMs <= Math.max(TRIFLE_MS, wasteShare * this.#totalMs)) return null;
    const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
    return `${seconds(this.#wastedMs)} of ${seconds(this.#totalMs)} were attempts in vain`;
  }
}
