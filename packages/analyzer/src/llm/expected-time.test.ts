import { expect, test } from "vitest";
import { expectedMs } from "./expected-time.ts";

test("the time of an analysis is that of a first call, and of six at a time after it", () => {
  expect(expectedMs(1)).toBe(1_440);
  expect(expectedMs(40)).toBe(18_600);
  expect(expectedMs(41)).toBe(37_200);
  expect(expectedMs(280)).toBe(37_200);
  expect(expectedMs(281)).toBe(55_800);
});
