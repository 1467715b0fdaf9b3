import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAge, formatDuration } from "./duration.ts";

describe("formatDuration", () => {
  it("uses the unit that a person would", () => {
    expect([0, 0.4, 340, 999.4].map(formatDuration)).toEqual(["0ms", "0ms", "340ms", "999ms"]);
    expect([1_000, 12_345, 59_940].map(formatDuration)).toEqual(["1.0s", "12.3s", "59.9s"]);
    expect([60_000, 125_400, 3_599_000].map(formatDuration)).toEqual(["1m00s", "2m05s", "59m59s"]);
    expect([3_600_000, 100 * 3_600_000].map(formatDuration)).toEqual(["1h00m", "100h00m"]);
  });

  it("never shows a unit that is full, at whatever border", () => {
    expect([999.6, 59_960, 59_999].map(formatDuration)).toEqual(["1.0s", "1m00s", "1m00s"]);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (ms) => {
        expect(formatDuration(ms)).not.toMatch(/^1000ms|^60\.0s|m60s|h60m/);
      }),
    );
  });
});

describe("formatAge", () => {
  it("counts whole seconds that have passed", () => {
    expect([-5, 999, 8_999, 65_000].map(formatAge)).toEqual(["0s", "0s", "8s", "1m05s"]);
  });
});
