import type { UsageRecord } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";
import { costOfCall, flatRate, type Rate, type Rates } from "./cost-of-call.ts";

const STEP = 5_000;

// Micro-dollars for a million tokens, so that a token costs whole pico-dollars and nothing is rounded.
const microUsd = fc.integer({ min: 0, max: 200_000_000 }).map((micro) => BigInt(micro) * 1_000_000n);
const flat: fc.Arbitrary<Rate> = microUsd.map((base) => ({ base, steps: [] }));
const stepped: fc.Arbitrary<Rate> = fc
  .tuple(microUsd, microUsd)
  .map(([base, more]) => ({ base, steps: [{ above: STEP, price: base + more }] }));

const ratesOf = (rate: fc.Arbitrary<Rate>): fc.Arbitrary<Rates> =>
  fc.record(
    {
      ...{ input: rate, output: rate, cacheWrite1h: rate, cachedInput: rate, cacheWrite: rate },
      ...{ reasoning: rate, request: microUsd },
    },
    { requiredKeys: ["input", "output", "cacheWrite1h"] },
  );

const tokens = fc.nat({ max: 2_000 });
const calls: fc.Arbitrary<UsageRecord> = fc
  .tuple(tokens, tokens, tokens, tokens, tokens, tokens)
  .map(([plain, cached, short, long, said, thought]) => ({
    model: "m",
    inputTokens: plain + cached + short + long,
    cachedInputTokens: cached,
    cacheWriteTokens: short + long,
    cacheWrite1hTokens: long,
    outputTokens: said + thought,
    reasoningTokens: thought,
  }));

const COUNTS = [
  ...(["inputTokens", "cachedInputTokens", "cacheWriteTokens", "cacheWrite1hTokens"] as const),
  ...(["outputTokens", "reasoningTokens"] as const),
];
const both = (a: UsageRecord, b: UsageRecord): UsageRecord => ({
  model: "m",
  ...Object.fromEntries(COUNTS.map((count) => [count, a[count]! + b[count]!])),
});

it("is known where all rates and counts are, never negative, and linear within a step", () => {
  fc.assert(
    fc.property(ratesOf(flat), calls, calls, (rates, a, b) => {
      const alone = costOfCall(a, rates)!;
      expect(alone).toBeGreaterThanOrEqual(0n);
      const together = costOfCall(both(a, b), rates)!;
      expect(together).toBe(alone + costOfCall(b, rates)! - (rates.request ?? 0n));
    }),
    cases({ ci: 300, deep: 10_000 }),
  );
});

it("does not fall when tokens are added, over steps that rise", () => {
  fc.assert(
    fc.property(ratesOf(stepped), calls, calls, (rates, a, more) => {
      expect(costOfCall(both(a, more), rates)!).toBeGreaterThanOrEqual(costOfCall(a, rates)!);
    }),
    cases({ ci: 300, deep: 10_000 }),
  );
});

it("is the sum over the kinds of token, each at its own rate or that of what it is a part of", () => {
  fc.assert(
    fc.property(ratesOf(flat), calls, (rates, call) => {
      const { input, output, cachedInput = input, cacheWrite = input, reasoning = output } = rates;
      const plain = call.inputTokens! - call.cachedInputTokens! - call.cacheWriteTokens!;
      const terms: [number, Rate][] = [
        [plain, input!],
        [call.cachedInputTokens!, cachedInput!],
        [call.cacheWriteTokens! - call.cacheWrite1hTokens!, cacheWrite!],
        [call.cacheWrite1hTokens!, rates.cacheWrite1h!],
        [call.outputTokens! - call.reasoningTokens!, output!],
        [call.reasoningTokens!, reasoning!],
      ];
      const sum = terms.reduce((all, [count, { base }]) => all + (BigInt(count) * base) / 1_000_000n, 0n);
      expect(costOfCall(call, rates)).toBe(sum + (rates.request ?? 0n));
    }),
    cases({ ci: 300, deep: 10_000 }),
  );
});

it("is rounded once, half a pico-dollar up", () => {
  const rates = { input: flatRate(0.0000005), output: flatRate(0.0000004) };
  expect(costOfCall({ model: "m", inputTokens: 1, outputTokens: 0 }, rates)).toBe(1n);
  expect(costOfCall({ model: "m", inputTokens: 0, outputTokens: 1 }, rates)).toBe(0n);
  expect(costOfCall({ model: "m", inputTokens: 1, outputTokens: 1 }, rates)).toBe(1n);
  expect(costOfCall({ model: "m", inputTokens: 1, outputTokens: 0 }, rates, { of: 1n, by: 2n })).toBe(0n);
});

it("is not known where a count that is charged for, or the rate of one that is not 0, is missing", () => {
  const rates = { input: flatRate(1), output: flatRate(1) };
  const call = { model: "m", inputTokens: 1, outputTokens: 1 };
  expect(costOfCall(call, { input: flatRate(1) })).toBeNull();
  expect(costOfCall(call, { output: flatRate(1) })).toBeNull();
  expect(costOfCall({ model: "m", inputTokens: 1 }, rates)).toBeNull();
  expect(costOfCall({ model: "m", outputTokens: 1 }, rates)).toBeNull();
  expect(costOfCall({ ...call, cacheWriteTokens: 1, cacheWrite1hTokens: 1 }, rates)).toBeNull();
  expect(costOfCall({ ...call, cachedInputTokens: 2 }, rates)).toBeNull();
});
