import type { CallFinished, CallStarted } from "@sheaf/ledger";

interface LastCall {
  readonly call: number;
  isRepeated: boolean;
}

/** Finds calls of one attempt that its clients make anew, by what they ask for. */
export class Repeats {
  readonly #last = new Map<string, LastCall>();
  /** Calls that were made anew before they were over. */
  readonly #open = new Set<number>();
  readonly #over = new Set<number>();

  /** Returns the call that this one repeats and that is over, or null. */
  started({ call, request, httpRetry }: CallStarted): number | null {
    const before = this.#last.get(request);
    this.#last.set(request, { call, isRepeated: false });
    if (before === undefined || (httpRetry ?? 0) === 0 || before.isRepeated) return null;
    before.isRepeated = true;
    if (this.#over.has(before.call)) return before.call;
    this.#open.add(before.call);
    return null;
  }

  /** Returns whether the call was made anew before. */
  finished({ call }: CallFinished): boolean {
    this.#over.add(call);
    return this.#open.delete(call);
  }
}
