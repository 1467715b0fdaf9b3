import { calcPrice, findProvider } from "@pydantic/genai-prices";
import type { UsageRecord } from "@sheaf/core";
import { describe, expect, it } from "vitest";
import { toldUsage } from "../wire/told-usage.ts";
import { openPriceBook } from "./price-book.ts";

const NOW = Date.UTC(2026, 10, 22, 12);
const book = openPriceBook();

const usage = (provider: string, model: string, more: Partial<UsageRecord> = {}): UsageRecord => ({
  ...{ provider, model, inputTokens: 1_000, outputTokens: 1_000 },
  ...more,
});
const costOf = (call: UsageRecord, at: number = NOW): number | null => book.priced(call, at).costUsd ?? null;

describe("a price that providers publish", () => {
  // By hand, from USD for a million tokens as they stand in the data of version 0.1.8.
  it.each<[provider: string, model: string, more: Partial<UsageRecord>, usd: number, sum: string]>([
    ["openai", "gpt-4o-mini", { inputTokens: 100, outputTokens: 50 }, 0.000045, "100 x 0.15 + 50 x 0.60"],
    ["openai", "gpt-4", {}, 0.09, "30 + 60"],
    ["openai", "gpt-4.1", { cachedInputTokens: 400 }, 0.0094, "600 x 2 + 400 x 0.50 + 8"],
    ["openai", "gpt-4o", { cachedInputTokens: 1_000 }, 0.01125, "1.25 + 10"],
    ["openai", "gpt-4o-2024-05-13", {}, 0.02, "5 + 15"],
    ["openai", "gpt-5-nano", {}, 0.00045, "0.05 + 0.40"],
    ["openai", "o3", { reasoningTokens: 900 }, 0.01, "2 + 8, reasoning within"],
    ["openai", "gpt-5.4", { inputTokens: 271_999 }, 0.6949975, "271,999 x 2.50 + 15"],
    ["openai", "text-embedding-3-small", { outputTokens: 0 }, 0.00002, "0.02"],
    [
      ...(["anthropic", "claude-haiku-4-5-20251001"] as const),
      { cachedInputTokens: 500, cacheWriteTokens: 300, cacheWrite1hTokens: 100, outputTokens: 100 },
      ...([0.0012, "200 x 1 + 500 x 0.10 + 200 x 1.25 + 100 x 2 + 100 x 5"] as const),
    ],
    ["anthropic", "claude-sonnet-4-5", { inputTokens: 200_001 }, 1.222506, "200,001 x 6 + 22.50"],
    ["anthropic", "claude-3-haiku", { cacheWriteTokens: 1_000 }, 0.00155, "0.30 + 1.25"],
    ["anthropic", "claude-opus-4-1-20250805", { outputTokens: 100 }, 0.0225, "15 + 100 x 75"],
    ["google", "gemini-2.5-pro", { cachedInputTokens: 200 }, 0.011025, "800 x 1.25 + 200 x 0.125 + 10"],
    ["google", "gemini-2.5-flash", {}, 0.0028, "0.30 + 2.50"],
    ["google", "gemini-3.6-flash", {}, 0.0045, "0.75 + 3.75, until 2027"],
    ["groq", "llama-3.3-70b-versatile", {}, 0.00138, "0.59 + 0.79"],
    ["mistral", "mistral-medium-latest", {}, 0.009, "1.50 + 7.50, since June 2026"],
    ["openrouter", "openai/gpt-4o", {}, 0.0125, "2.50 + 10"],
    ["perplexity", "sonar", {}, 0.014, "1 + 1, and 12 for a thousand requests"],
    ["deepseek", "deepseek-v4-flash", { cachedInputTokens: 1_000 }, 0.000667, "0.007 + 0.66"],
    ["azure", "gpt-4o", {}, 0.0125, "2.50 + 10, as of openai"],
  ])("of %s's %s for %j is %d USD (%s)", (provider, model, more, usd) => {
    expect(costOf(usage(provider, model, more))).toBe(usd);
  });

  it("goes with the size of the input, by its step for the whole call", () => {
    expect(costOf(usage("openai", "gpt-5.4", { inputTokens: 272_000 }))).toBe(1.3825);
  });

  it("goes with the date, and with the time of day in UTC", () => {
    expect(costOf(usage("openai", "o3"), Date.UTC(2025, 5, 9))).toBe(0.05);
    expect(costOf(usage("openai", "o3"), Date.UTC(2025, 5, 10))).toBe(0.01);
    const chat = usage("deepseek", "deepseek-chat");
    const at = (hour: number, minute: number): number | null =>
      costOf(chat, Date.UTC(2026, 10, 22, hour, minute));
    expect([at(0, 29), at(0, 30), at(16, 29), at(16, 30)]).toEqual([0.000685, 0.00137, 0.00137, 0.000685]);
  });

  it("is that of the library, but for what it guesses", () => {
    const counts = { inputTokens: 250_000, cachedInputTokens: 1_234, outputTokens: 777 };
    let compared = 0;
    for (const id of ["openai", "anthropic", "google", "groq", "mistral", "x-ai", "perplexity"]) {
      for (const { id: model } of findProvider({ providerId: id })!.models) {
        const ours = book.priced(usage(id, model, counts), NOW);
        const theirs = calcPrice(
          { input_tokens: 250_000, cache_read_tokens: 1_234, output_tokens: 777 },
          model,
          { providerId: id, timestamp: new Date(NOW) },
        );
        if (ours.costUsd === undefined || theirs?.model.id !== ours.price?.model) continue;
        expect(ours.costUsd, `${id} ${model}`).toBeCloseTo(theirs!.total_price, 11);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(200);
  });
});

describe("the name of a model", () => {
  it.each([
    ["openai", "gpt-4o-mini-2024-07-18", "gpt-4o-mini"],
    ["openai", " GPT-4.1 ", "gpt-4.1"],
    ["openai", "gpt-6-astra-2026-10-01", "gpt-6-astra"],
    ["anthropic", "claude-sonnet-4-20250514", "claude-sonnet-4-0"],
    ["anthropic", "claude-3-5-sonnet-latest", "claude-3-5-sonnet"],
    ["google", "claude-sonnet-4@20250514", "claude-4-sonnet"],
    ["google", "gemini-2.0-flash-001", "gemini-2.0-flash"],
    ["google", "gemini-2.0-flash-lite", "gemini-2.0-flash-lite"],
  ])("of %s, %s, is found as %s", (provider, model, known) => {
    expect(book.priced(usage(provider, model), NOW).price?.model).toBe(known);
  });

  it.each([
    ["openai", "gpt-4-foo"],
    ["openai", "gpt-5-nano-foo"],
    ["openai", "gpt-4o-2029-01-01"],
    ["openai", "my-gpt-4o"],
    ["anthropic", "claude-sonnet-5-foo"],
    ["anthropic", "claude-sonnet-5-20261399"],
    ["google", "gemini-1.5-flash-8b"],
    ["google", "my-gemini-1.5-pro"],
    ["openai", "fake-model-1"],
    ["openai", "__proto__"],
  ])("of %s, %s, has no price, whatever it resembles", (provider, model) => {
    const call = usage(provider, model);
    expect(book.priced(call, NOW)).toBe(call);
  });
});

describe("a provider", () => {
  it.each([
    ["api.openai.com", "gpt-4o", "openai"],
    ["somebody.openai.azure.com", "gpt-4o", "azure"],
    ["api.moonshot.ai", "kimi-k2.5", "moonshotai"],
    ["openrouter.ai", "openai/gpt-4o", "openrouter"],
    ["OpenAI", "gpt-4o", "openai"],
  ])("%s is known", (provider, model, known) => {
    expect(book.priced(usage(provider, model), NOW).price?.provider).toBe(known);
  });

  it.each(["localhost:11434", "127.0.0.1:8080", "api.openai.com.example.org", "my-openai", "open ai", ""])(
    "%j is not",
    (provider) => expect(costOf(usage(provider, "gpt-4o"))).toBeNull(),
  );

  it("that is not named is not made up", () => {
    const call = { model: "gpt-4o", inputTokens: 1, outputTokens: 1 };
    expect(book.priced(call, NOW)).toBe(call);
  });
});

describe("a call", () => {
  it("keeps the cost that it was told of, whatever its model costs", () => {
    const told = usage("openai", "gpt-4o", { costUsd: 0 });
    expect(book.priced(told, NOW)).toEqual({ ...told, costSource: "caller" });
    const byProvider = { ...told, costSource: "provider" as const };
    expect(book.priced(byProvider, NOW)).toEqual(byProvider);
  });

  it("says what its cost was computed from", () => {
    expect(book.priced(usage("openai", "gpt-4o"), NOW)).toEqual({
      ...usage("openai", "gpt-4o"),
      costUsd: 0.0125,
      costSource: "local",
      price: {
        ...{ source: "genai-prices", version: "0.1.8", provider: "openai", model: "gpt-4o" },
        tier: "standard",
      },
    });
  });

  it("has none where a count that is charged for is not told", () => {
    const call = { provider: "openai", model: "gpt-4o" };
    expect(costOf({ ...call, inputTokens: 1 })).toBeNull();
    expect(costOf({ ...call, outputTokens: 1 })).toBeNull();
  });

  it("has none where its model charges for what usage does not tell", () => {
    expect(costOf(usage("perplexity", "sonar-deep-research"))).toBeNull();
    expect(costOf(usage("openai", "whisper-1"))).toBeNull();
    expect(costOf(usage("openai", "text-embedding-3-small"))).toBeNull();
    expect(
      costOf(usage("google", "claude-3-haiku", { cacheWriteTokens: 9, cacheWrite1hTokens: 9 })),
    ).toBeNull();
  });
});

describe("a message that was written to the cache for an hour", () => {
  // As Anthropic tells it: 100 + 1,000 + (300 + 700) tokens of input.
  const told = (model: string) =>
    toldUsage({
      api: "messages",
      asked: { provider: "api.anthropic.com", model },
      ...{ model, serviceTier: undefined },
      usage: {
        ...{ input_tokens: 100, cache_read_input_tokens: 1_000, cache_creation_input_tokens: 1_000 },
        cache_creation: { ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 700 },
        output_tokens: 10,
      },
    })!;

  it("is charged for each kind of token by itself", () => {
    // 100 x 3 + 1,000 x 0.30 + 300 x 3.75 + 700 x 6 + 10 x 15; without a cache 2,100 x 3 + 10 x 15
    expect(book.priced(told("claude-sonnet-4-0"), NOW)).toMatchObject({
      ...{ inputTokens: 2_100, cacheWriteTokens: 1_000, cacheWrite1hTokens: 700 },
      ...{ costUsd: 0.006075, cacheSavedUsd: 0.000375 },
    });
  });

  it("has no cost where no price for an hour is known, and that of the user's list where it has one", () => {
    const listed = { input: 3, cachedInput: 0.3, cacheWrite: 3.75, output: 15 };
    const own = (more: object) =>
      openPriceBook({ prices: { "api.anthropic.com": { "claude-sonnet-4-0": { ...listed, ...more } } } });
    expect(own({}).priced(told("claude-sonnet-4-0"), NOW)).not.toHaveProperty("costUsd");
    // 300 + 300 + 1,125 + 700 x 5 + 150
    expect(own({ cacheWrite1h: 5 }).priced(told("claude-sonnet-4-0"), NOW).costUsd).toBe(0.005375);
  });
});

describe("what the prompt cache saved", () => {
  const savedBy = (provider: string, model: string, more: Partial<UsageRecord>) =>
    book.priced(usage(provider, model, more), NOW).cacheSavedUsd;

  // By hand: what input costs, less what reading costs, less what writing costs beyond input.
  it.each<[provider: string, model: string, more: Partial<UsageRecord>, usd: number, sum: string]>([
    ["openai", "gpt-4.1", { cachedInputTokens: 400 }, 0.0006, "400 x (2 - 0.50)"],
    ["openai", "gpt-4o", { cachedInputTokens: 1_000 }, 0.00125, "1,000 x (2.50 - 1.25)"],
    ["anthropic", "claude-haiku-4-5", { cachedInputTokens: 1_000 }, 0.0009, "1,000 x (1 - 0.10)"],
    ["anthropic", "claude-haiku-4-5", { cacheWriteTokens: 1_000 }, -0.00025, "1,000 x (1 - 1.25)"],
    [
      ...(["anthropic", "claude-haiku-4-5"] as const),
      { cacheWriteTokens: 1_000, cacheWrite1hTokens: 1_000 },
      ...([-0.001, "1,000 x (1 - 2)"] as const),
    ],
    [
      ...(["anthropic", "claude-haiku-4-5"] as const),
      { cachedInputTokens: 500, cacheWriteTokens: 300, cacheWrite1hTokens: 100 },
      ...([0.0003, "500 x 0.90 - 200 x 0.25 - 100 x 1"] as const),
    ],
    ["openai", "gpt-4", { cachedInputTokens: 400 }, 0, "it has one price for all input"],
  ])("by %s's %s for %j is %d USD (%s)", (provider, model, more, usd) => {
    expect(savedBy(provider, model, more)).toBe(usd);
  });

  it("is not told where nothing was cached, nor where the price is not known", () => {
    expect(savedBy("openai", "gpt-4.1", {})).toBeUndefined();
    expect(savedBy("openai", "fake-model-1", { cachedInputTokens: 400 })).toBeUndefined();
  });
});

describe("a service tier", () => {
  const tiered = (model: string, serviceTier: string) =>
    book.priced(usage("openai", model, { cachedInputTokens: 400, serviceTier }), NOW);

  it("that is known has its own price and names its table", () => {
    // 600 x 1.25 + 400 x 0.125 + 10, half and double
    expect(tiered("gpt-5", "flex")).toMatchObject({
      costUsd: 0.0054,
      price: { version: "0.1.8+tiers.1", tier: "flex" },
    });
    expect(tiered("gpt-5-2025-08-07", "Priority")).toMatchObject({
      costUsd: 0.0216,
      price: { tier: "priority" },
    });
  });

  it("that is the usual one has the published price", () => {
    for (const tier of ["default", "standard"]) {
      expect(tiered("gpt-5", tier)).toMatchObject({
        costUsd: 0.0108,
        price: { version: "0.1.8", tier: "standard" },
      });
    }
  });

  it.each([
    ["gpt-5", "batch"],
    ["gpt-5", "constructor"],
    ["gpt-5-codex", "flex"],
    ["gpt-5-mini", "flex"],
    ["gpt-4o", "priority"],
  ])("of %s, %s, that is not known has none", (model, tier) => {
    expect(tiered(model, tier).costUsd).toBeUndefined();
  });
});

describe("what prices of tokens do not cover", () => {
  it.each([{ audioInputTokens: 1 }, { audioOutputTokens: 1 }, { webSearches: 1 }])(
    "has no price, by the published ones and the user's: %j",
    (more) => {
      const own = openPriceBook({ prices: { lab: { m: { input: 1, output: 1, request: 1 } } } });
      for (const call of [usage("openai", "gpt-4o", more), usage("lab", "m", more)]) {
        expect(own.priced(call, NOW)).toEqual(call);
        expect(own.pricedSum(call, NOW)).toEqual(call);
        expect(own.priced({ ...call, costUsd: 2 }, NOW).costUsd).toBe(2);
      }
    },
  );

  it("takes nothing from a call that has none of it", () => {
    const none = { audioInputTokens: 0, audioOutputTokens: 0, webSearches: 0 };
    expect(costOf(usage("openai", "gpt-4o", none))).toBe(0.0125);
  });
});

describe("the user's own prices", () => {
  const own = openPriceBook({
    prices: {
      openai: { "GPT-4o": { input: 1, cachedInput: 0.5, output: 2, batch: { input: 0.5, output: 1 } } },
      "localhost:11434": { "qwen3:8b": { input: 0, output: 0, request: 0.01 } },
      lab: { ours: { request: 0.25 } },
    },
  });
  const cost = (call: UsageRecord) => own.priced(call, NOW).costUsd;

  it("go before the published ones, also where they say less", () => {
    expect(own.priced(usage("openai", "gpt-4o", { cachedInputTokens: 400 }), NOW)).toMatchObject({
      ...{ costUsd: 0.0028, costSource: "local" },
      price: { source: "prices", provider: "openai", model: "gpt-4o", tier: "standard" },
    });
    expect(cost(usage("openai", "gpt-4o", { serviceTier: "batch" }))).toBe(0.0015);
    expect(cost(usage("openai", "gpt-4o", { serviceTier: "flex" }))).toBeUndefined();
  });

  it("leave the published ones to all other models", () => {
    expect(cost(usage("openai", "gpt-4o-mini", { inputTokens: 100, outputTokens: 50 }))).toBe(0.000045);
  });

  it("are for servers and models that nobody publishes, and for calls", () => {
    expect(cost(usage("localhost:11434", "qwen3:8b"))).toBe(0.01);
    expect(cost({ provider: "lab", model: "ours" })).toBe(0.25);
    expect(cost(usage("lab", "theirs"))).toBeUndefined();
  });

  it("have a version that changes with them", () => {
    const version = (output: number) =>
      openPriceBook({ prices: { lab: { m: { input: 1, output } } } }).priced(usage("lab", "m"), NOW).price
        ?.version;
    expect(version(1)).toMatch(/^[0-9a-f]{12}$/);
    expect(version(1)).toBe(version(1));
    expect(version(2)).not.toBe(version(1));
  });
});

describe("a row of a cost file", () => {
  const rowOf = (model: string, more: Partial<UsageRecord> = {}): UsageRecord => ({
    ...{ model, inputTokens: 1_000, outputTokens: 100, costUsd: 0.09, costSource: "caller" },
    ...more,
  });
  const sum = (row: UsageRecord, book = openPriceBook()) => book.pricedSum(row, NOW);

  it("costs what its maker charges for the model of exactly that name, whatever the file says", () => {
    // 1,000 x 2 + 100 x 8
    expect(sum(rowOf("gpt-4.1"))).toMatchObject({
      ...{ costUsd: 0.0028, costSource: "local" },
      price: { source: "genai-prices", provider: "openai", model: "gpt-4.1" },
    });
    expect(sum(rowOf("claude-3-haiku")).price?.provider).toBe("anthropic");
    expect(sum(rowOf("gemini-2.5-flash")).price?.provider).toBe("google");
  });

  it("costs what the file says where no price is known, and is unknown where it says nothing", () => {
    expect(sum(rowOf("my-model"))).toEqual(rowOf("my-model"));
    expect(sum(rowOf("gpt-4o", { provider: "127.0.0.1:8080" })).costUsd).toBe(0.09);
    const { costUsd: _, costSource: __, ...silent } = rowOf("my-model");
    expect(sum(silent)).toEqual(silent);
  });

  it("costs what the user's list says, unless several providers are listed with the model", () => {
    const lab = { "GPT-4.1": { input: 1, output: 1 } };
    expect(sum(rowOf("gpt-4.1"), openPriceBook({ prices: { lab } }))).toMatchObject({
      ...{ costUsd: 0.0011, price: { source: "prices", provider: "lab" } },
    });
    expect(sum(rowOf("gpt-4.1"), openPriceBook({ prices: { lab, home: lab } })).costUsd).toBe(0.09);
  });

  it("has no price that goes with the size, or the number, of its calls", () => {
    expect(sum(rowOf("claude-sonnet-4-5", { inputTokens: 200_000 })).costUsd).toBe(0.6015);
    expect(sum(rowOf("claude-sonnet-4-5", { inputTokens: 200_001 })).costUsd).toBe(0.09);
    expect(sum(rowOf("sonar", { provider: "perplexity" })).costUsd).toBe(0.09);
  });
});
