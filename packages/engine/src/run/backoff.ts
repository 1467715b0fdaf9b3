/** Longest pause before a retry. */
const MAX_DELAY_MS = 60_000;

/**
 * Returns the pause before a retry, in ms: baseMs x 2^(retry - 1), at most a minute, of which the later half is
 * drawn at random so that tasks that failed together do not come back together.
 *
 * @param retry 1 for the first.
 * @param random A number from 0 up to 1.
 */
export function backoffMs(retry: number, baseMs: number, random: number): number {
  const full = Math.min(MAX_DELAY_MS, baseMs * 2 ** (retry - 1));
  return Math.round(full / 2 + (full / 2) * random);
}
