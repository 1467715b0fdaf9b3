import { systemClock } from "@sheaf/core";

export const TIMED_OUT: unique symbol = Symbol("timed out");

/**
 * Returns what `work` returns, or TIMED_OUT as soon as the time is up, whatever `work` is doing then.
 * The signal given to `work` is aborted when it no longer counts.
 *
 * @throws the reason of `signal`, as soon as it is aborted
 */
export async function withinDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<T | typeof TIMED_OUT> {
  signal?.throwIfAborted();
  const inner = new AbortController();
  let disarm = (): void => {};
  let unlisten = (): void => {};
  const interrupted = new Promise<typeof TIMED_OUT>((resolve, reject) => {
    disarm = systemClock.after(timeoutMs, () => resolve(TIMED_OUT));
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    unlisten = () => signal?.removeEventListener("abort", onAbort);
  });
  try {
    // A race, since an abort alone does not end a client that waits for a body.
    return await Promise.race([work(inner.signal), interrupted]);
  } finally {
    disarm();
    unlisten();
    inner.abort();
  }
}
