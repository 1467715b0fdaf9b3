import { SheafError } from "@sheaf/core";
import { parseAge } from "./quantities.ts";

const DATE = /^\d{4}-\d\d-\d\d$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Returns the time that `--since` names, in ms since 1970: an age before `now`, the beginning of a day of UTC, or a
 * moment with its time zone.
 *
 * @throws SheafError OPTION_INVALID naming the flag.
 * @example parseSince("2026-11-01", 0) // 1_793_491_200_000
 */
export function parseSince(text: string, now: number): number {
  const given = text.trim();
  const time = DATE.test(given) || MOMENT.test(given) ? Date.parse(given) : Number.NaN;
  // Of a day that a month does not have, Date makes one of the next month.
  if (!Number.isNaN(time)) {
    if (MOMENT.test(given) || new Date(time).toISOString().startsWith(given)) return time;
  } else if (/^[\d.]+[smhdw]$/.test(given)) return now - parseAge("--since", given);
  const expected = "an age such as 24h or 7d, or a date such as 2026-11-01";
  throw new SheafError("OPTION_INVALID", { option: "--since", expected, got: text });
}
