import { isSheafError } from "@sheaf/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatUsd, picoToUsd, usdToPico } from "./money.ts";

describe("usdToPico", () => {
  it("takes the decimal number as it is printed, not its binary neighbour", () => {
    expect(usdToPico(0.1)).toBe(100_000_000_000n);
    expect(usdToPico(0.1 + 0.2)).toBe(300_000_000_000n); // 0.30000000000000004
    expect(usdToPico(0.000045)).toBe(45_000_000n);
    expect(usdToPico(1.1e-7)).toBe(110_000n);
    expect(usdToPico(9007.199254740994)).toBe(9_007_199_254_740_994n);
    expect(usdToPico(1e21)).toBe(10n ** 33n);
    expect(usdToPico(1.5e300)).toBe(15n * 10n ** 311n);
    expect(usdToPico(-0)).toBe(0n);
  });

  it("rounds half a pico-dollar up and less than that down", () => {
    expect(usdToPico(5e-13)).toBe(1n);
    expect(usdToPico(4.999999e-13)).toBe(0n);
    expect(usdToPico(1.5e-12)).toBe(2n);
    expect(usdToPico(5e-324)).toBe(0n);
  });

  it.each([-1, -1e-15, Number.NaN, Number.POSITIVE_INFINITY])("refuses %s", (usd) => {
    expect(() => usdToPico(usd)).toThrow("Expected usage `costUsd` to be a finite number >= 0");
    try {
      usdToPico(usd);
    } catch (error) {
      expect(isSheafError(error, "USAGE_INVALID")).toBe(true);
    }
  });

  it("agrees with cutting the number that toFixed prints, for amounts that doubles hold to the last digit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e15 }), (pico) => {
        const usd = pico / 1e12;
        expect(usdToPico(usd)).toBe(BigInt(usd.toFixed(12).replace(".", "")));
      }),
    );
  });
});

describe("picoToUsd", () => {
  it("gives back the number that usdToPico was given, up to a pico-dollar", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e15 }), (pico) => {
        expect(picoToUsd(usdToPico(pico / 1e12))).toBe(pico / 1e12);
      }),
    );
  });

  it("gives the nearest number also where pico-dollars are more than a double holds", () => {
    expect(picoToUsd(9_007_199_254_740_994n)).toBe(9007.199254740994);
    expect(picoToUsd(123_456_789_012_000_000_000_001n)).toBe(123456789012);
    expect(picoToUsd(-12_345_678_000_000_000_000n)).toBe(-12345678);
    expect(picoToUsd(-45_000_000n)).toBe(-0.000045);
  });
});

describe("formatUsd", () => {
  it.each([
    [null, "unknown"],
    [0n, "$0.00"],
    [1n, "$0.000000000001"],
    [45_000n, "$0.000000045"],
    [999_999n, "$0.000000999999"],
    [1_000_000n, "$0.000001"],
    [45_000_000n, "$0.000045"],
    [1_500_000n, "$0.000002"],
    [100_000_000_000n, "$0.10"],
    [123_456_789_000n, "$0.123457"],
    [999_999_400_000n, "$0.999999"],
    [999_999_500_000n, "$1.00"],
    [1_000_000_000_000n, "$1.00"],
    [1_234_567_000_000n, "$1.23"],
    [1_235_000_000_000n, "$1.24"],
    [12_345_678_000_000_000_000_000_000n, "$12345678000000.00"],
    [-45_000_000n, "-$0.000045"],
  ])("shows %s pico-dollars as %s", (pico, text) => {
    expect(formatUsd(pico)).toBe(text);
  });
});
