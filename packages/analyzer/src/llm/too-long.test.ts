import { APIError } from "openai";
import { describe, expect, it } from "vitest";
import { isTooLong } from "./too-long.ts";

const refusal = (status: number | undefined, message: string, more = {}): APIError =>
  APIError.generate(status, { error: { message, ...more } }, undefined, new Headers());

const SAYINGS = [
  "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
  "request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it",
  "The number of tokens to keep from the initial prompt is greater than the context length.",
  "The decoder prompt (length 9000) is longer than the maximum model length of 4096.",
  "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum",
  "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
  "prompt is too long: 200001 tokens > 200000 maximum",
  "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
  "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097.",
  "Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576.",
  "too many tokens: size limit exceeded by 900 tokens",
];

describe("isTooLong", () => {
  it.each(SAYINGS)("knows: %s", (message) => {
    expect(isTooLong(refusal(400, message))).toBe(true);
  });

  it("knows the code, the status, and one request over a limit of tokens a minute", () => {
    expect(isTooLong(refusal(400, "no", { code: "context_length_exceeded" }))).toBe(true);
    expect(isTooLong(refusal(413, "no"))).toBe(true);
    expect(isTooLong(refusal(429, "Request too large for m on tokens per min: Limit 9, Requested 10"))).toBe(
      true,
    );
  });

  it.each([
    [429, "Rate limit reached: tokens exceed the context window of a minute. Please try again in 2s."],
    [400, "Unknown value for response_format"],
    [400, "temperature must be <= 2"],
    [400, `Invalid response_format in: ${" ".repeat(300)}{"description":"tell the context length"}`],
    [500, "overloaded"],
  ])("takes nothing else for it: %i %s", (status, message) => {
    expect(isTooLong(refusal(status, message))).toBe(false);
    expect(isTooLong(new Error("maximum context length"))).toBe(false);
  });
});
