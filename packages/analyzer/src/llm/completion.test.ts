import { describe, expect, it } from "vitest";
import { AnswerBroken } from "./body-parts.ts";
import { Completion, completionUsage } from "./completion.ts";

const ASKED = { model: "asked-for", provider: "openai" };

const choice = (one: Record<string, unknown>): unknown => ({ choices: [one] });

/** The end of a completion of these parts. */
function endOf(...parts: unknown[]): string {
  const completion = new Completion();
  for (const part of parts) completion.take(part);
  return completion.end();
}

describe("completionUsage", () => {
  it("books tokens under the model, and the service tier, that answered", () => {
    const body = {
      model: "m-2026",
      service_tier: "flex",
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
      serviceTier: "flex",
    });
  });

  it("leaves out figures that cannot be", () => {
    const body = {
      model: " ",
      service_tier: " ",
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

describe("Completion", () => {
  it("takes an answer in one piece that ended by itself, said or not", () => {
    for (const finish_reason of ["stop", null, undefined]) {
      expect(endOf(choice({ finish_reason, message: { content: "{}" } }))).toBe("{}");
    }
  });

  it("puts an answer together from chunks, with others between that say nothing", () => {
    const completion = new Completion();
    const parts = [
      { choices: [] },
      choice({ delta: { role: "assistant", content: "" } }),
      choice({ delta: { content: '{"a"' }, finish_reason: null }),
      { usage: {} },
      choice({ delta: { reasoning_content: "hm" } }),
      choice({ delta: { content: ":1}" } }),
      choice({ delta: {}, finish_reason: "stop" }),
      { choices: [], usage: { prompt_tokens: 1 } },
    ];
    expect(parts.map((part) => completion.take(part)).join("|")).toBe('||{"a"|||:1}||');
    expect(completion.end()).toBe('{"a":1}');
  });

  it("takes a stream for broken that does not say that it has ended", () => {
    expect(() => endOf(choice({ delta: { content: "{}" } }))).toThrow(AnswerBroken);
  });

  it.each([
    [{ finish_reason: "length", message: { content: "{" } }, "cut off at the token limit"],
    [{ finish_reason: "content_filter", message: { content: "" } }, "a content filter held it back"],
    [{ finish_reason: "stop", message: { content: null, refusal: "I may not" } }, 'declined: "I may not"'],
    [{ finish_reason: "stop", message: { content: "  " } }, "it is empty"],
    [{ finish_reason: "tool_calls", message: { content: null } }, "it is empty"],
    [{ finish_reason: 7 }, "no completion"],
  ])("refuses %j", (one, problem) => {
    expect(() => endOf(choice(one))).toThrow(problem);
  });

  it("hands on what came of an answer that was cut off", () => {
    const parts = [choice({ delta: { content: "{" } }), choice({ delta: {}, finish_reason: "length" })];
    expect(() => endOf(...parts)).toThrow(
      expect.objectContaining({
        code: "MODEL_ANSWER_REFUSED",
        details: expect.objectContaining({ text: "{" }),
      }),
    );
  });

  it("refuses what is no completion at all", () => {
    expect(() => endOf({ choices: [] })).toThrow("without choices");
    expect(() => endOf({ foo: 1 })).toThrow("object with 1 key: foo");
    expect(() => endOf()).toThrow("no completion (nothing)");
  });

  it("refuses a text that is too long as soon as it is", () => {
    const completion = new Completion();
    const part = choice({ delta: { content: "x".repeat(2 ** 21) } });
    completion.take(part);
    completion.take(part);
    expect(() => completion.take(choice({ delta: { content: "x" } }))).toThrow("longer than 4194304");
  });
});
