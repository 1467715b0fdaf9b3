const MINUTE_MS = 60_000;

interface Minute {
  /** Counted from 1970. */
  readonly index: number;
  sum: bigint;
}

const endOf = ({ index }: Minute): number => (index + 1) * MINUTE_MS;

/**
 * Sums up amounts of the recent past, a minute at a time: a minute counts until the last moment of it is too old, so
 * that nothing is forgotten too early, and nothing more than a minute too late.
 */
export class MinuteSums {
  /** Oldest first; those before `#first` are forgotten. */
  #minutes: Minute[] = [];
  #first = 0;
  #total = 0n;

  get total(): bigint {
    return this.#total;
  }

  /** Adds an amount. What is older than the last one counts as long as that. */
  add(at: number, amount: bigint): void {
    const index = Math.floor(at / MINUTE_MS);
    const last = this.#minutes.at(-1);
    this.#total += amount;
    if (last !== undefined && last.index >= index) last.sum += amount;
    else this.#minutes.push({ index, sum: amount });
  }

  /** Forgets the minutes that were over at this time, in ms since 1970. */
  forgetBefore(start: number): void {
    for (; this.#first < this.#minutes.length; this.#first++) {
      const minute = this.#minutes[this.#first]!;
      if (endOf(minute) > start) break;
      this.#total -= minute.sum;
    }
    if (this.#first * 2 < this.#minutes.length) return;
    this.#minutes = this.#minutes.slice(this.#first);
    this.#first = 0;
  }

  /** Returns the `start` from which on at most so much is left. */
  startLeaving(most: bigint): number {
    let left = this.#total;
    let start = Number.NEGATIVE_INFINITY;
    for (let i = this.#first; left > most && i < this.#minutes.length; i++) {
      left -= this.#minutes[i]!.sum;
      start = endOf(this.#minutes[i]!);
    }
    return start;
  }
}
