import type { Clock } from "@sheaf/core";

/** Thrown where nothing was heard for too long. */
export class ServerSilent extends Error {
  constructor(silenceMs: number) {
    super(`nothing came for ${silenceMs} ms`);
  }
}

/**
 * Returns what `work` returns, unless too long passes without a call of `heard`. The signal given to `work` is aborted
 * when it no longer counts, however it ended.
 *
 * @throws ServerSilent, or the reason of `signal` as soon as it is aborted, whatever `work` is doing then
 */
export async function withinSilence<T>(
  work: (signal: AbortSignal, heard: () => void) => Promise<T>,
  options: { readonly silenceMs: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> {
  const { silenceMs, clock, signal } = options;
  signal.throwIfAborted();
  const inner = new AbortController();
  let reject: (reason: unknown) => void = () => {};
  const interrupted = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  let disarm = (): void => {};
  const heard = (): void => {
    disarm();
    if (!inner.signal.aborted) disarm = clock.after(silenceMs, () => reject(new ServerSilent(silenceMs)));
  };
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  heard();
  try {
    // A race, since an abort alone does not end a client that waits for a body.
    return await Promise.race([work(inner.signal, heard), interrupted]);
  } finally {
    disarm();
    signal.removeEventListener("abort", onAbort);
    inner.abort();
  }
}
