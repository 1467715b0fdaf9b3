import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";
import { widenedSamples } from "./widened-samples.ts";

const sample = (value: number) => ({ tokens: value, pico: BigInt(value), ms: value });
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const squares = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0);

it("scatter about the same mean as a value that is still to come", () => {
  // So far from 0 that none would fall below it.
  const values = fc.array(fc.integer({ min: 10 ** 9, max: 1.2 * 10 ** 9 }), { minLength: 2, maxLength: 30 });
  fc.assert(
    fc.property(values, (drawn) => {
      const count = drawn.length;
      const expected = (squares(drawn) / (count - 1)) * (1 + 1 / count);
      const wide = widenedSamples(drawn.map(sample));
      for (const figure of [
        wide.map(({ tokens }) => Number(tokens)),
        wide.map(({ pico }) => Number(pico)),
        wide.map(({ ms }) => ms),
      ]) {
        expect(Math.abs(mean(figure) - mean(drawn))).toBeLessThan(1);
        expect(Math.sqrt(squares(figure) / count)).toBeCloseTo(Math.sqrt(expected), -1);
      }
    }),
    cases({ ci: 100, deep: 5_000 }),
  );
});

it("stay where there is one, or all are the same, and are never negative or made up", () => {
  expect(widenedSamples([])).toEqual([]);
  expect(widenedSamples([sample(7)])).toEqual([sample(7)]);
  const large = { tokens: 3, pico: 10n ** 18n + 1n, ms: 0.1 };
  expect(widenedSamples([large, large, large])).toEqual([large, large, large]);
  // 50 / 3 - 50 / 3 x sqrt(4 / 2) is less than nothing.
  const [least, , most] = widenedSamples([sample(0), sample(0), sample(50)]);
  expect([least, most!.pico]).toEqual([sample(0), 64n]);
  expect(widenedSamples([{ ...sample(1), pico: null }, sample(5)])).toEqual([
    { tokens: 0, pico: null, ms: 0 },
    { tokens: 6, pico: 5n, ms: expect.closeTo(6.464, 3) },
  ]);
  expect(widenedSamples([{ ...sample(1), tokens: null }, sample(5)])).toMatchObject([
    { tokens: null, pico: 0n },
    { tokens: 5, pico: 6n },
  ]);
});
