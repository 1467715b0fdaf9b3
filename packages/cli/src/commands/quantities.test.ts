import { describe, expect, it } from "vitest";
import { parseAge, parseCount, parseSize } from "./quantities.ts";

describe("quantities of flags", () => {
  it.each([
    ["90s", 90_000],
    ["5m", 300_000],
    ["12h", 43_200_000],
    ["7d", 604_800_000],
    ["1.5w", 907_200_000],
  ])("reads the age %s", (text, ms) => expect(parseAge("--older-than", text)).toBe(ms));

  it.each([
    ["0", 0],
    ["100", 100],
    ["1.5K", 1_536],
    ["500MB", 524_288_000],
    ["2G", 2_147_483_648],
    ["2GiB", 2_147_483_648],
  ])("reads the size %s", (text, bytes) => expect(parseSize("--max-size", text)).toBe(bytes));

  it.each(["7", "d", "-1d", "1y", "7 days", ""])("refuses the age %j", (text) =>
    expect(() => parseAge("--older-than", text)).toThrow(/`--older-than` to be an age such as/),
  );
  it.each(["", "G", "-1", "2X", "1e3"])("refuses the size %j", (text) =>
    expect(() => parseSize("--max-size", text)).toThrow(/`--max-size` to be a size such as/),
  );
  it.each(["", "1.5", "-1", "many"])("refuses the count %j", (text) =>
    expect(() => parseCount("--keep", text)).toThrow(/`--keep` to be a whole number/),
  );
});
