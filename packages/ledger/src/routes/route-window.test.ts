import { expect, it } from "vitest";
import { ROUTE_WINDOWS, windowSince } from "./route-window.ts";

const at = (text: string): number => Date.parse(text);

it.each([
  ["2026-11-22T15:04:05.678Z", "2026-11-21T15:04:05.678Z", "2026-11-01T00:00:00.000Z"],
  ["2026-03-01T00:00:00.000Z", "2026-02-28T00:00:00.000Z", "2026-03-01T00:00:00.000Z"],
  ["2026-02-28T23:59:59.999Z", "2026-02-27T23:59:59.999Z", "2026-02-01T00:00:00.000Z"],
  ["2028-03-01T00:00:00.000Z", "2028-02-29T00:00:00.000Z", "2028-03-01T00:00:00.000Z"],
  // In London, where it is summer time, July has begun.
  ["2026-06-30T23:55:00.000Z", "2026-06-29T23:55:00.000Z", "2026-06-01T00:00:00.000Z"],
])("at %s the last 24 hours begin at %s and the month at %s", (now, day, month) => {
  expect(ROUTE_WINDOWS.map((window) => windowSince(window, at(now)))).toEqual([null, at(day), at(month)]);
});

it("counts in whole milliseconds, as the times of calls are kept", () => {
  expect(windowSince("24h", 86_400_000.9)).toBe(0);
});
