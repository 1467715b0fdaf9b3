// Days and months are those of UTC, as providers bill by it.

export const DAY_MS = 86_400_000;

/** Returns when the month that holds `at` begins, or the one so many `later`; in ms since 1970. */
export function startOfMonth(at: number, later = 0): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later);
}
