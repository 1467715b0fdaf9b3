import { DAY_MS, startOfMonth } from "../calendar.ts";

/**
 * The times that routes are counted over. `lifetime`: all that is known. `24h`: the last 24 hours, to the millisecond.
 * `month`: this month of the calendar, in UTC.
 */
export const ROUTE_WINDOWS = ["lifetime", "24h", "month"] as const;
export type RouteWindow = (typeof ROUTE_WINDOWS)[number];

/**
 * Returns from when on a window counts, in whole ms since 1970; null: from ever. What a clock that was set back says to be
 * in the future counts as well: it was spent.
 */
export function windowSince(window: RouteWindow, now: number): number | null {
  switch (window) {
    case "lifetime":
      return null;
    case "24h":
      return Math.floor(now) - DAY_MS;
    case "month":
      return startOfMonth(now);
    default:
      return window satisfies never;
  }
}
