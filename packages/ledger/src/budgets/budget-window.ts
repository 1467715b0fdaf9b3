import type { BudgetWindow } from "@sheaf/core";
import { DAY_MS, startOfMonth } from "../calendar.ts";

/**
 * Returns from when on a window that holds `at` counts, in ms since 1970: calendar days and months in UTC, else the
 * last 24 hours; a run has no beginning that matters.
 */
export function windowStart(window: BudgetWindow, at: number): number {
  switch (window) {
    case "run":
      return Number.NEGATIVE_INFINITY;
    case "day":
      return Math.floor(at / DAY_MS) * DAY_MS;
    case "24h":
      return at - DAY_MS;
    case "month":
      return startOfMonth(at);
    default:
      return window satisfies never;
  }
}

/** Returns when the day or month that holds `at` is over; null for windows without an end of their own. */
export function windowEnd(window: BudgetWindow, at: number): number | null {
  if (window === "day") return windowStart("day", at) + DAY_MS;
  return window === "month" ? startOfMonth(at, 1) : null;
}
