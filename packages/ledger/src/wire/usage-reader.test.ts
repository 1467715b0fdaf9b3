import type { ModelApi } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageReader, type UsageReading } from "./usage-reader.ts";

const ASKED = { provider: "who", model: "asked" };

const events = (lineEnd: string, ...data: readonly unknown[]): string =>
  data
    .map((each) => `data: ${typeof each === "string" ? each : JSON.stringify(each)}${lineEnd}${lineEnd}`)
    .join("");

const named = (...data: readonly { readonly type: string }[]): string =>
  data.map((each) => `event: ${each.type}\r\ndata: ${JSON.stringify(each)}\r\n\r\n`).join("");

const chunk = (content: string, finish: string | null = null): object => ({
  model: "m-1",
  service_tier: "flex",
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  usage: null,
});
const CHAT_USAGE = {
  prompt_tokens: 100,
  completion_tokens: 20,
  prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  completion_tokens_details: { reasoning_tokens: 7 },
};
const USAGE_CHUNK = { model: "m-1", choices: [], usage: CHAT_USAGE };
const CHAT_READING = {
  model: "m-1",
  provider: "who",
  inputTokens: 100,
  cachedInputTokens: 60,
  cacheWriteTokens: 10,
  outputTokens: 20,
  reasoningTokens: 7,
};
const RESPONSE = {
  id: "r",
  output: [{ type: "message", content: [{ text: 'usage": {"input_tokens": 1}' }] }],
  usage: {
    input_tokens: 30,
    input_tokens_details: { cached_tokens: 5, cache_write_tokens: 0 },
    output_tokens: 9,
    output_tokens_details: { reasoning_tokens: 4 },
    total_tokens: 39,
  },
  model: "r-1",
  service_tier: "priority",
  status: "completed",
};
const RESPONSE_READING = {
  model: "r-1",
  provider: "who",
  serviceTier: "priority",
  inputTokens: 30,
  cachedInputTokens: 5,
  cacheWriteTokens: 0,
  outputTokens: 9,
  reasoningTokens: 4,
};
const MESSAGE_USAGE = {
  input_tokens: 10,
  cache_creation_input_tokens: 200,
  cache_read_input_tokens: 3000,
  output_tokens: 1,
  service_tier: "standard",
};
const MESSAGE_READING = {
  model: "c-1",
  provider: "who",
  serviceTier: "standard",
  inputTokens: 3210,
  cachedInputTokens: 3000,
  cacheWriteTokens: 200,
  outputTokens: 50,
};

/** Answers, and what each is to be read as. */
const ANSWERS: readonly {
  readonly name: string;
  readonly api: ModelApi;
  readonly text: string;
  readonly usage: object | null;
  readonly tokens?: number;
  readonly isComplete?: boolean;
}[] = [
  {
    name: "a chat",
    api: "chat",
    text: `\n ${JSON.stringify({ choices: [{ message: { content: '"usage": {"a": 1}} \\"' } }], usage: CHAT_USAGE, model: "m-1" })}`,
    usage: CHAT_READING,
  },
  {
    name: "a chat of a server that counts reasoning beside the output",
    api: "chat",
    text: JSON.stringify({
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 115,
        completion_tokens_details: { reasoning_tokens: 100 },
      },
    }),
    usage: { model: "asked", provider: "who", inputTokens: 10, outputTokens: 105, reasoningTokens: 100 },
  },
  {
    name: "a chat with sound",
    api: "chat",
    text: JSON.stringify({
      usage: {
        ...{ prompt_tokens: 10, prompt_tokens_details: { audio_tokens: 9 } },
        ...{ completion_tokens: 5, completion_tokens_details: { audio_tokens: 6 } },
      },
    }),
    // More than the whole is kept, too: the call has no price for it.
    usage: {
      ...{ model: "asked", provider: "who", inputTokens: 10, outputTokens: 5 },
      ...{ audioInputTokens: 9, audioOutputTokens: 6 },
    },
  },
  {
    name: "a chat with counts that are none",
    api: "chat",
    text: '{"usage":{"prompt_tokens":-1,"completion_tokens":"20"},"model":7}',
    usage: null,
  },
  {
    name: "a chat stream with its usage in a chunk of its own",
    api: "chat",
    text: events("\n", chunk("größer ☃"), chunk("", "stop"), USAGE_CHUNK, "[DONE]"),
    usage: { ...CHAT_READING, serviceTier: "flex" },
    tokens: 3,
  },
  {
    name: "a chat stream with CRLF, comments and its usage in every chunk",
    api: "chat",
    text: `: keep-alive\r\n\r\n${events("\r\n", { ...chunk("ab"), usage: { prompt_tokens: 100, completion_tokens: 1 } }, { ...chunk("c", "stop"), usage: CHAT_USAGE })}`,
    usage: { ...CHAT_READING, serviceTier: "flex" },
    tokens: 1,
  },
  {
    name: "a chat stream that breaks off while it tells its usage with every chunk",
    api: "chat",
    text: events("\n", { ...chunk("ab"), usage: { prompt_tokens: 100, completion_tokens: 1 } }),
    usage: { model: "m-1", provider: "who", serviceTier: "flex", inputTokens: 100, outputTokens: 1 },
    tokens: 1,
    isComplete: false,
  },
  {
    name: "a chat stream that never tells",
    api: "chat",
    text: events("\n", chunk("abcd"), "[DONE]"),
    usage: null,
    tokens: 1,
  },
  {
    name: "a response with sound",
    api: "responses",
    text: JSON.stringify({
      ...RESPONSE,
      usage: {
        ...{ input_tokens: 30, input_tokens_details: { audio_tokens: 8 } },
        ...{ output_tokens: 9, output_tokens_details: { audio_tokens: 0 } },
      },
    }),
    usage: {
      ...{ model: "r-1", provider: "who", serviceTier: "priority" },
      ...{ inputTokens: 30, outputTokens: 9, audioInputTokens: 8 },
    },
  },
  { name: "a response", api: "responses", text: JSON.stringify(RESPONSE, null, 2), usage: RESPONSE_READING },
  {
    name: "a response that is worked on behind the client's back",
    api: "responses",
    text: JSON.stringify({ status: "queued", usage: null }),
    usage: null,
    isComplete: false,
  },
  {
    name: "a response stream",
    api: "responses",
    text: named(
      { type: "response.created", response: { ...RESPONSE, usage: null } } as { type: string },
      { type: "response.output_text.delta", delta: "abcde" } as { type: string },
      { type: "response.completed", response: RESPONSE } as { type: string },
    ),
    usage: RESPONSE_READING,
    tokens: 2,
  },
  {
    name: "embeddings",
    api: "embeddings",
    text: JSON.stringify({ data: [{ embedding: [0.1, -2e-7] }], model: "e", usage: { prompt_tokens: 8 } }),
    usage: { model: "e", provider: "who", inputTokens: 8, outputTokens: 0 },
    tokens: 0,
  },
  {
    name: "a message",
    api: "messages",
    text: JSON.stringify({ model: "c-1", usage: { ...MESSAGE_USAGE, output_tokens: 50 } }),
    usage: MESSAGE_READING,
  },
  {
    name: "a message that was kept in the cache for an hour in part",
    api: "messages",
    text: JSON.stringify({
      model: "c-1",
      usage: {
        ...MESSAGE_USAGE,
        cache_creation: { ephemeral_5m_input_tokens: 50, ephemeral_1h_input_tokens: 150 },
        output_tokens: 50,
      },
    }),
    usage: { ...MESSAGE_READING, cacheWrite1hTokens: 150 },
  },
  {
    name: "a message whose part for an hour is larger than all that was written",
    api: "messages",
    text: JSON.stringify({
      model: "c-1",
      usage: { ...MESSAGE_USAGE, cache_creation: { ephemeral_1h_input_tokens: 201 }, output_tokens: 50 },
    }),
    usage: MESSAGE_READING,
  },
  {
    name: "a message stream",
    api: "messages",
    text: named(
      {
        type: "message_start",
        message: {
          model: "c-1",
          usage: { ...MESSAGE_USAGE, cache_creation: { ephemeral_1h_input_tokens: 200 } },
        },
      } as { type: string },
      { type: "content_block_delta", delta: { type: "text_delta", text: "abcd" } } as { type: string },
      {
        type: "message_delta",
        delta: { stop_reason: "end_turn" },
        usage: {
          ...{ output_tokens: 50, input_tokens: null },
          server_tool_use: { web_search_requests: 3 },
        },
      } as { type: string },
      { type: "message_stop" },
    ),
    usage: { ...MESSAGE_READING, cacheWrite1hTokens: 200, webSearches: 3 },
    tokens: 1,
  },
  {
    name: "a message stream in the fast lane that breaks off",
    api: "messages",
    text: named(
      { type: "message_start", message: { model: "c-1", usage: { ...MESSAGE_USAGE, speed: "fast" } } } as {
        type: string;
      },
      { type: "content_block_delta", delta: { type: "text_delta", text: "abcd" } } as { type: string },
    ),
    usage: { ...MESSAGE_READING, serviceTier: "fast", outputTokens: 1 },
    tokens: 1,
    isComplete: false,
  },
  {
    name: "what is no JSON",
    api: "chat",
    text: "<html>{}</html>",
    usage: null,
    tokens: 0,
    isComplete: false,
  },
  {
    name: "half an answer",
    api: "chat",
    text: '{"usage":{"prompt_tokens":5}',
    usage: null,
    isComplete: false,
  },
  { name: "nothing", api: "chat", text: "", usage: null, tokens: 0, isComplete: false },
];

function read(
  api: ModelApi,
  pieces: readonly Buffer[],
  removesUsage = false,
): { readonly reading: UsageReading; readonly passed: string } {
  const reader = new UsageReader({ api, asked: ASKED, removesUsage });
  const passed = pieces.map((piece) => reader.push(piece));
  passed.push(reader.end());
  return { reading: reader.reading, passed: Buffer.concat(passed).toString("latin1") };
}

/** The bytes of a text, cut at these places, each a share of the whole. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const at = [0, ...places.map((place) => Math.floor(place * bytes.length)).sort((a, b) => a - b)];
  return at.map((from, i) => bytes.subarray(from, at[i + 1] ?? bytes.length));
}

const ADDED = events("\n", USAGE_CHUNK);

describe("UsageReader", () => {
  it.each(ANSWERS)("reads $name", ({ api, text, usage, tokens, isComplete = true }) => {
    const { reading, passed } = read(api, [Buffer.from(text)]);
    expect(reading).toMatchObject({ usage, isComplete });
    if (usage !== null) expect(reading.usage).toEqual(usage);
    if (tokens !== undefined) expect(reading.seenOutputTokens).toBe(tokens);
    expect(passed).toBe(Buffer.from(text).toString("latin1"));
  });

  it("reads the same however the bytes are cut, and passes all of them on", () => {
    const anyAnswer = fc.constantFrom(...ANSWERS);
    const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });
    fc.assert(
      fc.property(anyAnswer, places, fc.boolean(), ({ api, text }, at, removesUsage) => {
        const whole = read(api, [Buffer.from(text)]);
        const pieces = read(api, cut(text, at), removesUsage);
        expect(pieces.reading).toEqual(whole.reading);
        const expected = removesUsage ? whole.passed.replace(ADDED, "") : whole.passed;
        expect(pieces.passed).toBe(expected);
      }),
      cases({ ci: 500, deep: 50_000 }),
    );
  });

  it("reads the same byte by byte", () => {
    for (const { api, text } of ANSWERS) {
      const bytes = [...Buffer.from(text)].map((byte) => Buffer.from([byte]));
      expect(read(api, bytes)).toEqual(read(api, [Buffer.from(text)]));
    }
  });

  it("takes out the chunk that tells nothing but the usage, and no other without choices", () => {
    const filtered = { choices: [], prompt_filter_results: [], usage: null };
    const before = events("\n", filtered, chunk("a"), chunk("", "stop"));
    const { passed } = read("chat", [Buffer.from(before + ADDED + events("\n", "[DONE]"))], true);
    expect(passed).toBe(before + events("\n", "[DONE]"));
  });

  it("hands on each event as soon as it is over", () => {
    const reader = new UsageReader({ api: "chat", asked: ASKED, removesUsage: true });
    const first = events("\n", chunk("a"));
    expect(reader.push(Buffer.from(`${first}data: {`)).toString()).toBe(first);
  });

  it("hands on events that are too large to be read", () => {
    const reader = new UsageReader({ api: "chat", asked: ASKED, removesUsage: true });
    const piece = Buffer.alloc(2 ** 20, "x");
    let passed = reader.push(Buffer.from("data: ")).length;
    for (let i = 0; i < 20; i++) passed += reader.push(piece).length;
    expect(passed).toBeGreaterThan(16 * 2 ** 20);
    passed += reader.push(Buffer.from(`\n\n${ADDED}`)).length;
    expect(passed + reader.end().length).toBe(20 * 2 ** 20 + "data: \n\n".length);
    expect(reader.reading.usage?.inputTokens).toBe(100);
  });
});
