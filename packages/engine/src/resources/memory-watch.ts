// Watches what the run's workers use, so that admission has figures and nobody takes the machine down.
import type { AbortCause, Clock } from "@sheaf/core";
import type { Settings } from "../config/settings.ts";
import type { Memory } from "../scheduler/state.ts";
import { availableMiB, SAFE_PART } from "./machine.ts";

/** Time between two measurements, in ms. */
const EVERY_MS = 250;
/** How much of an old maximum is left after each newer observation. */
const DECAY = 0.9;

interface WatchedAttempt {
  readonly task: number;
  abort(cause: AbortCause): void;
  memoryMiB(): number | null;
}

export interface MemoryWatch {
  start(): void;
  stop(): void;
  /** Takes in the peak of a finished attempt. */
  observe(task: number, peakMiB: number | null): void;
}

export interface WatchRequest {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly live: () => Iterable<WatchedAttempt>;
  readonly measured: (memory: Memory) => void;
}

/** Returns a watch over the attempts of one run. */
export function watchMemory(request: WatchRequest): MemoryWatch {
  const { clock, settings } = request;
  let estimateMiB = 0;
  let stop = (): void => {};
  const measure = (): void => {
    const usedMiB = enforce([...request.live()], settings.maxMemoryMb);
    // What workers use now is not available any more, but it is theirs: it counts as part of the budget.
    request.measured({ budgetMiB: SAFE_PART * (availableMiB() + usedMiB), usedMiB, estimateMiB });
  };
  const again = (): void => {
    // First the timer: what is measured may end the run, and this watch with it.
    stop = clock.after(EVERY_MS, again);
    measure();
  };
  return {
    start: again,
    stop: () => stop(),
    observe: (_task, peakMiB) => {
      if (peakMiB !== null) estimateMiB = Math.max(peakMiB, estimateMiB * DECAY);
    },
  };
}

// An attempt over its own limit is ended for good. When all together leave nothing to the machine, the largest is
// ended and runs again alone.
function enforce(live: readonly WatchedAttempt[], limitMiB: number): number {
  const used = live.map((attempt) => ({ attempt, mib: attempt.memoryMiB() ?? 0 }));
  for (const { attempt, mib } of used) {
    if (mib > limitMiB) {
      attempt.abort({ kind: "out-of-memory", usedMiB: Math.round(mib), limitMiB, shared: false });
    }
  }
  const total = used.reduce((sum, { mib }) => sum + mib, 0);
  const budget = SAFE_PART * (availableMiB() + total);
  if (used.length > 1 && total > budget) {
    const largest = used.reduce((a, b) => (b.mib > a.mib ? b : a));
    largest.attempt.abort({
      kind: "out-of-memory",
      usedMiB: Math.round(largest.mib),
      limitMiB: Math.round(budget),
      shared: true,
    });
  }
  return total;
}
