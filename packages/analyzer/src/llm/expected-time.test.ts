import { expect, test } from "vitest";
import { ASSUMED_SPEED, expectedMs } from "./expected-time.ts";

test("the time of an analysis is that of a first call, and of six at a time after it", () => {
  expect(expectedMs(1, ASSUMED_SPEED)).toBe(1_440);
  expect(expectedMs(40, ASSUMED_SPEED)).toBe(18_600);
  expect(expectedMs(41, ASSUMED_SPEED)).toBe(37_200);
  expect(expectedMs(280, ASSUMED_SPEED)).toBe(37_200);
  expect(expectedMs(281, ASSUMED_SPEED)).toBe(55_800);
});
