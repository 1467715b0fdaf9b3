import type { RunEvent } from "@sheaf/core";

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/**
 * The events of a run in memory, and those who read along.
 *
 * 1. Event number i has `seq` first + i.
 * 2. Every reader has a place of its own and gets every event once, in order, however slow it is.
 * 3. The log knows a reader only while that waits for the next event, so a reader that goes away leaves nothing.
 */
export class EventLog {
  readonly events: RunEvent[] = [];
  readonly #first: number;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(first: number) {
    this.#first = first;
  }

  /** How many reads are waiting for the next event. */
  get waiting(): number {
    return this.#waiting.size;
  }

  push(event: RunEvent): void {
    this.events.push(event);
    this.#wake();
  }

  /** Ends the log: readers get what is left and are done. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Returns the events from `seq` number `from` on, then those to come. */
  follow(from: number, signal: AbortSignal | undefined): AsyncIterable<RunEvent> {
    return { [Symbol.asyncIterator]: () => this.#reader(Math.max(0, from - this.#first), signal) };
  }

  #wake(): void {
    for (const retry of this.#waiting) retry();
  }

  #reader(start: number, signal: AbortSignal | undefined): AsyncIterator<RunEvent> {
    let place = start;
    let left = false;
    const take = (): IteratorResult<RunEvent> | undefined => {
      if (left || signal?.aborted) return DONE;
      const event = this.events[place];
      if (event === undefined) return this.#closed ? DONE : undefined;
      place += 1;
      return { done: false, value: event };
    };
    const wait = (settle: (result: IteratorResult<RunEvent>) => void): void => {
      const retry = (): void => {
        const result = take();
        if (result === undefined) return;
        this.#waiting.delete(retry);
        signal?.removeEventListener("abort", retry);
        settle(result);
      };
      this.#waiting.add(retry);
      signal?.addEventListener("abort", retry);
    };
    return {
      next: () => {
        const ready = take();
        return ready === undefined ? new Promise(wait) : Promise.resolve(ready);
      },
      return: () => {
        left = true;
        this.#wake();
        return Promise.resolve(DONE);
      },
    };
  }
}
