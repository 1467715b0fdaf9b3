import { addToSum, type CostSum, emptySum, restOf } from "../cost-line.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
const SIZES_MS = [MINUTE_MS, HOUR_MS] as const;

/** Under which headings the cost of an attempt stands. */
export interface Heading {
  readonly agent: string;
  readonly route: string;
  readonly class: string;
}

/** What is to be added to one row of the roll-ups. */
export interface WindowChange extends Heading {
  readonly sizeMs: number;
  /** In ms since 1970. */
  readonly startAt: number;
  readonly model: string;
  readonly sum: CostSum;
}

/** Changes of the roll-ups, summed up by row. */
export class WindowChanges {
  readonly #changes = new Map<string, WindowChange>();

  /** Adds calls of a model at a time. */
  add(calls: { readonly at: number; readonly model: string }, heading: Heading, sum: CostSum): void {
    for (const sizeMs of SIZES_MS) {
      const startAt = Math.floor(calls.at / sizeMs) * sizeMs;
      const key = [sizeMs, startAt, calls.model, heading.agent, heading.route, heading.class].join("\0");
      let change = this.#changes.get(key);
      if (change === undefined) {
        const { agent, route, class: costClass } = heading;
        change = { sizeMs, startAt, model: calls.model, agent, route, class: costClass, sum: emptySum() };
        this.#changes.set(key, change);
      }
      addToSum(change.sum, sum);
    }
  }

  /** All changes, ordered by row: who locks rows one after another in the same order waits for nobody who waits for it. */
  ordered(): readonly WindowChange[] {
    return [...this.#changes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
  }
}

/** Returns the sum that takes another one away. */
export const negated = (sum: Readonly<CostSum>): CostSum => restOf(emptySum(), [sum]);
