/** Longest time that work on many files holds the event loop, in ms. */
const SLICE_MS = 8;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Returns a function to be awaited between pieces of synchronous work: it lets the event loop turn when a slice of
 * time is used up, or throws when the signal has aborted. Synchronous calls on small files are several times faster
 * than their promises; slices keep them from starving everything else.
 */
export function slices(signal?: AbortSignal): () => Promise<void> | undefined {
  let start = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - start < SLICE_MS) return undefined;
    return turn().then(() => {
      start = performance.now();
    });
  };
}
