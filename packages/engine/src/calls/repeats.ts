import type { CallFinished, CallStarted } from "@sheaf/ledger";

/** A call that may still be made anew. */
type Standing = "open" | "failed";

/**
 * Finds calls of one attempt that its clients make anew, by what they ask for. Whose client has the whole answer is
 * none of them, although it asks the same.
 */
export class Repeats {
  /** By what is asked for. */
  readonly #standing = new Map<string, Map<number, Standing>>();
  /** Calls that were made anew before they were over. */
  readonly #repeated = new Set<number>();

  /** Returns the call that this one repeats and that is over, or null. */
  started({ call, request, httpRetry }: CallStarted): number | null {
    const standing = this.#standing.get(request) ?? new Map<number, Standing>();
    this.#standing.set(request, standing);
    const before = (httpRetry ?? 0) > 0 ? callBefore(standing) : undefined;
    standing.set(call, "open");
    if (before === undefined) return null;
    const isOver = standing.get(before) === "failed";
    standing.delete(before);
    if (isOver) return before;
    this.#repeated.add(before);
    return null;
  }

  /** Returns whether the call was made anew before. */
  finished({ call, request, state }: CallFinished): boolean {
    const standing = this.#standing.get(request);
    if (state === "ok") standing?.delete(call);
    else if (standing?.has(call)) standing.set(call, "failed");
    return this.#repeated.delete(call);
  }
}

/** Clients give up on a call that is still open, as it takes too long; more likely it is one that has failed. */
function callBefore(standing: ReadonlyMap<number, Standing>): number | undefined {
  const calls = [...standing];
  const [call] = calls.find(([, each]) => each === "failed") ?? calls[0] ?? [];
  return call;
}
