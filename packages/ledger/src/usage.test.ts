import { isSheafError } from "@sheaf/core";
import { describe, expect, it } from "vitest";
import { checkUsage } from "./usage.ts";

const full = {
  model: "gpt-4o-mini",
  provider: "openai",
  inputTokens: 100,
  cachedInputTokens: 60,
  cacheWriteTokens: 40,
  cacheWrite1hTokens: 10,
  serviceTier: "flex",
  costSource: "provider",
  outputTokens: 50,
  reasoningTokens: 0,
  audioInputTokens: 100,
  audioOutputTokens: 50,
  webSearches: 3,
  costUsd: 0.000045,
};

describe("checkUsage", () => {
  it("returns a frozen copy with the known fields alone", () => {
    const price = { source: "me", version: "1", provider: "p", model: "m", tier: "t" };
    const given = { ...full, finishReason: "stop", price };
    const checked = checkUsage(given);
    expect(checked).toEqual(full);
    expect(Object.isFrozen(checked)).toBe(true);
    expect(Object.isFrozen(given)).toBe(false);
  });

  it("leaves absent what is absent or undefined: an unknown cost is not 0", () => {
    expect(Object.keys(checkUsage({ model: "m", costUsd: undefined, inputTokens: undefined }))).toEqual([
      "model",
    ]);
  });

  it.each([
    ["record", "gpt-4o-mini"],
    ["record", null],
    ["record", [full]],
    ["model", {}],
    ["model", { ...full, model: " " }],
    ["model", { ...full, model: 4 }],
    ["provider", { ...full, provider: "" }],
    ["inputTokens", { ...full, inputTokens: -1 }],
    ["inputTokens", { ...full, inputTokens: 1.5 }],
    ["inputTokens", { ...full, inputTokens: "100" }],
    ["outputTokens", { ...full, outputTokens: Number.POSITIVE_INFINITY }],
    ["outputTokens", { ...full, outputTokens: null }],
    ["outputTokens", { ...full, outputTokens: 2 ** 53 }],
    ["cachedInputTokens", { ...full, cachedInputTokens: 101, cacheWriteTokens: 0 }],
    ["cachedInputTokens", { model: "m", cachedInputTokens: 1 }],
    ["cacheWriteTokens", { ...full, cachedInputTokens: 61 }],
    ["cacheWriteTokens", { ...full, cachedInputTokens: 0, cacheWriteTokens: 101 }],
    ["cacheWrite1hTokens", { ...full, cacheWrite1hTokens: 41 }],
    ["serviceTier", { ...full, serviceTier: "" }],
    ["costSource", { ...full, costSource: "local" }],
    ["costSource", { ...full, costSource: "me" }],
    ["costSource", { ...full, costUsd: undefined }],
    ["reasoningTokens", { ...full, reasoningTokens: 51 }],
    ["audioInputTokens", { ...full, audioInputTokens: 101 }],
    ["audioOutputTokens", { ...full, audioOutputTokens: 51 }],
    ["webSearches", { ...full, webSearches: -1 }],
    ["costUsd", { ...full, costUsd: -0.01 }],
    ["costUsd", { ...full, costUsd: Number.NaN }],
    ["costUsd", { ...full, costUsd: "0.1" }],
    ["costUsd", { ...full, costUsd: null }],
  ])("refuses a bad %s and names it: %j", (field, record) => {
    let thrown: unknown;
    try {
      checkUsage(record);
    } catch (error) {
      thrown = error;
    }
    if (!isSheafError(thrown, "USAGE_INVALID")) throw new Error(`accepted ${JSON.stringify(record)}`);
    expect(thrown.details.field).toBe(field);
    expect(thrown.message).toContain(`\`${field}\``);
  });
});
