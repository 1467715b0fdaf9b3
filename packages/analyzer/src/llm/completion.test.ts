import { describe, expect, it } from "vitest";
import { completionBody, completionText, completionUsage } from "./completion.ts";

const ASKED = { model: "asked-for", provider: "openai" };

const completion = (choice: Record<string, unknown>): unknown => ({ choices: [choice] });

describe("completionUsage", () => {
  it("books tokens under the model that answered", () => {
    const body = {
      model: "m-2026",
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    };
    expect(completionUsage(body, ASKED)).toEqual({
      model: "m-2026",
      provider: "openai",
      inputTokens: 10,
      cachedInputTokens: 4,
      outputTokens: 5,
      reasoningTokens: 2,
    });
  });

  it("leaves out figures that cannot be", () => {
    const body = {
      model: " ",
      usage: {
        prompt_tokens: 10,
        completion_tokens: -1,
        prompt_tokens_details: { cached_tokens: 11 },
        completion_tokens_details: null,
      },
    };
    expect(completionUsage(body, ASKED)).toEqual({ model: "asked-for", provider: "openai", inputTokens: 10 });
  });

  it("is null where the server tells nothing", () => {
    for (const body of [
      null,
      "text",
      {},
      { usage: null },
      { usage: {} },
      { usage: { prompt_tokens: "3" } },
    ]) {
      expect(completionUsage(body, ASKED)).toBeNull();
    }
  });
});

describe("completionText", () => {
  it("takes an answer that ended by itself, said or not", () => {
    for (const finish_reason of ["stop", null, undefined]) {
      expect(completionText(completion({ finish_reason, message: { content: "{}" } }))).toBe("{}");
    }
  });

  it.each([
    [{ finish_reason: "length", message: { content: "{" } }, "cut off at the token limit"],
    [{ finish_reason: "content_filter", message: { content: "" } }, "a content filter held it back"],
    [{ finish_reason: "stop", message: { content: null, refusal: "I may not" } }, 'declined: "I may not"'],
    [{ finish_reason: "stop", message: { content: "  " } }, "it is empty"],
    [{ finish_reason: "tool_calls", message: { content: null } }, "it is empty"],
    [{ finish_reason: "stop" }, "no completion"],
  ])("refuses %j", (choice, problem) => {
    expect(() => completionText(completion(choice))).toThrow(problem);
  });

  it("refuses what is no completion at all", () => {
    expect(() => completionText({ choices: [] })).toThrow("without choices");
    expect(() => completionText({ error: { message: "no" } })).toThrow("object with 1 key: error");
    expect(() => completionText(undefined)).toThrow("no completion (nothing)");
  });
});

describe("completionBody", () => {
  it("reads JSON that was sent as text", () => {
    expect(completionBody('{"choices":[]}')).toEqual({ choices: [] });
  });

  it("refuses other text and shows how it starts", () => {
    expect(() => completionBody("<html>")).toThrow('not JSON: "<html>"');
  });
});
