import { backoffMs } from "./backoff.ts";
import type { World } from "./world.ts";

/** The pauses before further attempts. */
export class RetryTimers {
  readonly #stops = new Set<() => void>();

  /** Waits before retry number `retry`, which counts from 1, and then calls `due`. Returns how long, in ms. */
  start({ clock, settings, random }: World, retry: number, due: () => void): number {
    const delayMs = backoffMs(retry, settings.retryDelayMs, random());
    const stop = clock.after(delayMs, () => {
      this.#stops.delete(stop);
      due();
    });
    this.#stops.add(stop);
    return delayMs;
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops.clear();
  }
}
