import { expect, it } from "vitest";
import { openPriceBook } from "../prices/price-book.ts";
import { holdOfCall, UNBOUNDED_ANSWER_TOKENS } from "./hold-of-call.ts";

const book = openPriceBook({ prices: { lab: { free: { input: 0, output: 0 }, half: { input: 1 } } } });
const call = {
  ...{ provider: "openai", model: "gpt-4o", at: Date.UTC(2026, 8, 1) },
  ...{ estimatedInputTokens: 500, maxOutputTokens: 200, serviceTier: null, hasStoredInput: false },
};

it("is twice the estimated input and the longest answer, at the model's price", () => {
  // 1,000 x 2.5 + 200 x 10 micro-dollars
  expect(holdOfCall(call, book)).toEqual({ holdPico: 4_500_000_000n, holdTokens: 1_200, isBounded: true });
});

it("is at the price of a prompt that is written to the cache, where that is higher", () => {
  const anthropic = { ...call, provider: "anthropic", model: "claude-sonnet-4-5" };
  const written = book.priced(
    {
      ...{ provider: "anthropic", model: "claude-sonnet-4-5", inputTokens: 1_000, outputTokens: 200 },
      ...{ cacheWriteTokens: 1_000, cacheWrite1hTokens: 1_000 },
    },
    call.at,
  ).costUsd;
  const short = book.priced(
    {
      ...{ provider: "anthropic", model: "claude-sonnet-4-5", inputTokens: 1_000, outputTokens: 200 },
      cacheWriteTokens: 1_000,
    },
    call.at,
  ).costUsd;
  const { holdPico } = holdOfCall(anthropic, book);
  expect(Number(holdPico) / 1e12).toBe(Math.max(written ?? 0, short!));
  expect(holdPico).toBeGreaterThan(6_000_000_000n); // 1,000 x 3 + 200 x 15: a plain prompt
});

it("is at the price of the service tier that is asked for, where that is known and higher", () => {
  const holdAt = (serviceTier: string | null) =>
    holdOfCall({ ...call, model: "gpt-5", serviceTier }, book).holdPico;
  expect(holdAt(null)).toBe(3_250_000_000n); // 1,000 x 1.25 + 200 x 10
  expect(holdAt("priority")).toBe(6_500_000_000n);
  for (const tier of ["flex", "auto", "batch"]) expect(holdAt(tier)).toBe(3_250_000_000n);
});

it("is no bound where the server adds input that it has kept", () => {
  const held = holdOfCall({ ...call, hasStoredInput: true }, book);
  expect(held).toEqual({ holdPico: 4_500_000_000n, holdTokens: 1_200, isBounded: false });
});

it("takes an answer without a bound to be of an ordinary length, and says so", () => {
  const { holdPico, holdTokens, isBounded } = holdOfCall({ ...call, maxOutputTokens: null }, book);
  expect({ holdTokens, isBounded }).toEqual({
    holdTokens: 1_000 + UNBOUNDED_ANSWER_TOKENS,
    isBounded: false,
  });
  expect(holdPico).toBe(BigInt(2_500 + 10 * UNBOUNDED_ANSWER_TOKENS) * 1_000_000n);
});

it("has no amount of money where no price is known, and 0 where the price is 0", () => {
  const picoOf = (provider: string, model: string | null) =>
    holdOfCall({ ...call, provider, model }, book).holdPico;
  expect(picoOf("lab", "free")).toBe(0n);
  expect(picoOf("lab", "half")).toBeNull();
  expect(picoOf("lab", "other")).toBeNull();
  expect(picoOf("openai", null)).toBeNull();
});
