import { describe, expect, it } from "vitest";
import { modelApiOf } from "./model-api.ts";
import { readRequest, withUsageAsked } from "./read-request.ts";

describe("modelApiOf", () => {
  it.each([
    ["/v1/chat/completions", "chat"],
    ["/openai/deployments/d/chat/completions", "chat"],
    ["/completions", "chat"],
    ["/v1/responses", "responses"],
    ["/v1/embeddings", "embeddings"],
    ["/v1/messages", "messages"],
    ["/v1/messages/count_tokens", null],
    ["/v1/responses/r_1", null],
    ["/v1/audio/speech", null],
  ])("%s is %s", (path, api) => expect(modelApiOf(path)).toBe(api));
});

describe("readRequest", () => {
  it("tells the model and the most that an answer may be, all choices together", () => {
    expect(readRequest("chat", { model: "m", max_tokens: 10, n: 3 })).toMatchObject({
      model: "m",
      maxOutputTokens: 30,
    });
    const both = { max_completion_tokens: 5, max_tokens: 10 };
    expect(readRequest("chat", both)).toMatchObject({ model: null, maxOutputTokens: 5 });
    expect(readRequest("responses", { max_output_tokens: 7 }).maxOutputTokens).toBe(7);
    expect(readRequest("messages", { max_tokens: 8 }).maxOutputTokens).toBe(8);
    expect(readRequest("chat", {}).maxOutputTokens).toBeNull();
    expect(readRequest("embeddings", {}).maxOutputTokens).toBe(0);
  });

  it("counts the answers to each prompt of a list, and those of which the server gives the best", () => {
    const most = (more: object) => readRequest("chat", { max_tokens: 10, ...more }).maxOutputTokens;
    expect(most({ prompt: Array(100).fill("hi") })).toBe(1_000);
    expect(most({ prompt: [[1, 2], [3]] })).toBe(20);
    expect([most({ prompt: "hi" }), most({ prompt: [1, 2, 3] }), most({ prompt: [] })]).toEqual([10, 10, 10]);
    expect(most({ prompt: ["a", "b"], n: 2, best_of: 5 })).toBe(100);
    expect(most({ prompt: "a", n: 3, best_of: null })).toBe(30);
  });

  it("tells the service tier that it asks for", () => {
    expect(readRequest("responses", { service_tier: "priority" }).serviceTier).toBe("priority");
    expect(readRequest("responses", { service_tier: null }).serviceTier).toBeNull();
  });

  it("tells whether the server adds to the question what it has kept", () => {
    const adds = (more: object) => readRequest("responses", { input: "go on", ...more }).hasStoredInput;
    expect(adds({ previous_response_id: "r_1" })).toBe(true);
    expect(adds({ conversation: { id: "c_1" } })).toBe(true);
    expect(adds({ prompt: { id: "p_1" } })).toBe(true);
    expect(adds({ previous_response_id: null, conversation: null, prompt: null })).toBe(false);
    expect(readRequest("chat", { prompt: "hi" }).hasStoredInput).toBe(false);
  });

  it("estimates the question by its text", () => {
    const input = (body: object): number => readRequest("chat", { ...body }).estimatedInputTokens;
    const said = input({ messages: [{ role: "user", content: "x ".repeat(2_000) }] });
    expect(said).toBeGreaterThanOrEqual(1_000);
    expect(said).toBeLessThan(1_010);
    expect(input({ prompt: [1, 2, 3] })).toBe(3);
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(1e6)}` } };
    expect(input({ messages: [{ content: [image] }] })).toBeLessThan(1_100);
    expect(input({ model: "a name", user: "somebody" })).toBe(0);
  });

  it("reads a body that is nested as deeply as it likes", () => {
    const body = JSON.parse(`{"input":${"[".repeat(100_000)}"abcd"${"]".repeat(100_000)}}`);
    expect(readRequest("responses", body).estimatedInputTokens).toBe(1);
  });
});

describe("withUsageAsked", () => {
  const asked = (text: string, api: "chat" | "responses" = "chat"): string | null =>
    withUsageAsked(api, Buffer.from(text), JSON.parse(text))?.toString() ?? null;

  it("asks for the usage of a stream and changes no other byte", () => {
    const text = ' \n{ "stream" : true, "seed": 12345678901234567890 }';
    const body = asked(text)!;
    expect(JSON.parse(body)).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(body.endsWith(text.trimStart().slice(1))).toBe(true);
  });

  it("keeps the other options of the stream", () => {
    const body = asked('{"stream":true,"stream_options":{"include_usage":false,"x":1}}')!;
    expect(JSON.parse(body).stream_options).toEqual({ include_usage: true, x: 1 });
    expect(JSON.parse(asked('{"stream":true,"stream_options":null}')!).stream_options).toEqual({
      include_usage: true,
    });
  });

  it.each(['{"stream":false}', "{}", '{"stream":true,"stream_options":{"include_usage":true}}'])(
    "leaves %s alone",
    (text) => expect(asked(text)).toBeNull(),
  );

  it("leaves all but chats alone", () => {
    expect(asked('{"stream":true}', "responses")).toBeNull();
  });
});
