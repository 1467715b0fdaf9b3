// What the clients of today say is counted as the server counts it, to the last token.
import Anthropic from "@anthropic-ai/sdk";
import type { UsageRecord } from "@sheaf/core";
import type { FakeModelReply, FakeModelScript, FakeUsage } from "@sheaf/testkit";
import { OpenAI as OpenAI6 } from "openai";
import { OpenAI as OpenAI7 } from "openai-7";
import { describe, expect, it } from "vitest";
import { type GatewayRig, gatewayRig, noticed, SECRET, type Variables } from "./gateway-rig.ts";

/** What the server charges for its n-th answer: different each time, so that no figure is right by chance. */
const usageOf = (n: number, output = 20 + n): FakeUsage => ({
  prompt_tokens: 1_000 + n,
  completion_tokens: output,
  prompt_tokens_details: { cached_tokens: 300 + n, cache_write_tokens: 40 + n },
  completion_tokens_details: { reasoning_tokens: Math.min(output, 3 + n) },
});

const answer = (n: number, more: Partial<FakeModelReply & { kind: "answer" }> = {}): FakeModelReply => ({
  kind: "answer",
  content: "A longer answer, with ümläuts and ☃, so that it comes in pieces. ".repeat(4),
  usage: usageOf(n),
  ...more,
});

const answers: FakeModelScript = (n) => answer(n);

/** What was counted, and what the server's own books say: sums of input, cached, output, reasoning. */
function bothBooks({ server, finished }: GatewayRig): { counted: number[]; charged: number[] } {
  const sum = (list: readonly (number | undefined)[]): number =>
    list.reduce<number>((a, b) => a + (b ?? 0), 0);
  const usages = finished().map(({ usage }) => usage ?? ({} as Partial<UsageRecord>));
  const charges = server.charged.map(({ usage }) => usage);
  return {
    counted: [
      sum(usages.map((usage) => usage.inputTokens)),
      sum(usages.map((usage) => usage.cachedInputTokens)),
      sum(usages.map((usage) => usage.cacheWriteTokens)),
      sum(usages.map((usage) => usage.outputTokens)),
      sum(usages.map((usage) => usage.reasoningTokens)),
    ],
    charged: [
      sum(charges.map((usage) => usage.prompt_tokens)),
      sum(charges.map((usage) => usage.prompt_tokens_details?.cached_tokens)),
      sum(charges.map((usage) => usage.prompt_tokens_details?.cache_write_tokens)),
      sum(charges.map((usage) => usage.completion_tokens)),
      sum(charges.map((usage) => usage.completion_tokens_details?.reasoning_tokens)),
    ],
  };
}

function expectSameBooks(rig: GatewayRig): void {
  const { counted, charged } = bothBooks(rig);
  expect(counted).toEqual(charged);
  expect(charged[0]).toBeGreaterThan(0);
}

const MESSAGES = [{ role: "user" as const, content: "Say something." }];
const CHAT = { model: "gpt", messages: MESSAGES };

const clientsOf: Record<string, (variables: Variables) => OpenAI6> = {
  "openai 6": (variables) => new OpenAI6(optionsOf(variables)),
  "openai 7": (variables) => new OpenAI7(optionsOf(variables)) as unknown as OpenAI6,
};

const optionsOf = ({ OPENAI_BASE_URL, OPENAI_API_KEY }: Variables) => ({
  baseURL: OPENAI_BASE_URL,
  apiKey: OPENAI_API_KEY,
});

const anthropicOf = ({ ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY }: Variables): Anthropic =>
  new Anthropic({ baseURL: ANTHROPIC_BASE_URL, apiKey: ANTHROPIC_API_KEY, authToken: null });

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe.each(Object.entries(clientsOf))("%s", (_name, clientOf) => {
  it("chats, with and without a stream and its usage, responses and embeddings are counted", async () => {
    await using rig = await gatewayRig((n, body) => {
      const isEmbedding = (body as { input?: unknown; stream?: unknown }).input === "embed";
      return answer(n, isEmbedding ? { usage: { prompt_tokens: 77, completion_tokens: 0 } } : {});
    });
    const client = clientOf(rig.admit());
    const chat = await client.chat.completions.create({ ...CHAT, max_tokens: 99 });
    expect(chat.usage?.prompt_tokens).toBe(1_001);

    const asking = { ...CHAT, stream: true, stream_options: { include_usage: true } } as const;
    const told = await all(await client.chat.completions.create(asking));
    expect(told.at(-1)?.usage?.prompt_tokens).toBe(1_002);

    const untold = await all(await client.chat.completions.create({ ...CHAT, stream: true }));
    expect(untold.every(({ choices, usage }) => choices.length === 1 && usage == null)).toBe(true);
    const said = untold.map(({ choices }) => choices[0]!.delta.content ?? "").join("");
    expect(said).toBe(chat.choices[0]!.message.content);

    const { data, response } = await client.chat.completions.create(CHAT).withResponse();
    expect([data.usage?.prompt_tokens, response.status]).toEqual([1_004, 200]);

    await client.responses.create({ model: "gpt", input: "hello" });
    const last = (
      await all(await client.responses.create({ model: "gpt", input: "hello", stream: true }))
    ).at(-1);
    expect(last).toMatchObject({ type: "response.completed", response: { usage: { input_tokens: 1_006 } } });

    const embed = { model: "embed", input: "embed", encoding_format: "float" } as const;
    const embedded = await client.embeddings.create(embed);
    expect(embedded.data[0]!.embedding).toHaveLength(2);

    await rig.over(7);
    expectSameBooks(rig);
    expect(rig.finished().map(({ state, source, call }) => [state, source, call])).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((call) => ["ok", "provider", call]),
    );
    expect(rig.finished().map(({ api }) => api)).toEqual([
      ...Array(4).fill("chat"),
      ...["responses", "responses", "embeddings"],
    ]);
    expect(rig.started()[0]).toMatchObject({ model: "gpt", maxOutputTokens: 99, httpRetry: 0 });
    expect(rig.server.requests[2]!.body).toMatchObject({ stream_options: { include_usage: true } });
  });

  it("a stream that the client breaks off is read to its end", async () => {
    let goOn = (): void => {};
    const broken = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await using rig = await gatewayRig((n) =>
      answer(n, { stream: { gate: (piece) => (piece === 3 ? broken : undefined) } }),
    );
    const client = clientOf(rig.admit());
    const stream = await client.chat.completions.create({ ...CHAT, stream: true });
    for await (const _ of stream) break;
    await noticed(rig.gateway);
    goOn();
    const [call] = await rig.over(1);
    expect(call).toMatchObject({ state: "aborted", source: "provider", status: 200 });
    expectSameBooks(rig);
  });

  it("each of the client's own tries is a call", async () => {
    await using rig = await gatewayRig((n) =>
      n < 3 ? { kind: "rate-limited", headers: { "retry-after-ms": "1" } } : answer(n),
    );
    await clientOf(rig.admit()).chat.completions.create(CHAT);
    expect(
      (await rig.over(3)).map(({ state, status, source, httpRetry }) => [state, status, source, httpRetry]),
    ).toEqual([
      ["http-error", 429, "none", 0],
      ["http-error", 429, "none", 1],
      ["ok", 200, "provider", 2],
    ]);
    expectSameBooks(rig);
  });
});

describe("the Anthropic SDK", () => {
  it("messages are counted, with and without a stream", async () => {
    await using rig = await gatewayRig(answers);
    const client = anthropicOf(rig.admit());
    const asked = { model: "claude", max_tokens: 50, messages: MESSAGES };
    const { usage } = await client.messages.create(asked);
    expect(usage.cache_read_input_tokens).toBe(301);
    await all(await client.messages.create({ ...asked, stream: true }));
    const final = await client.messages.stream(asked).finalMessage();
    expect(final.usage.output_tokens).toBe(23);
    for await (const _ of await client.messages.create({ ...asked, stream: true })) break;
    await rig.over(4);
    expectSameBooks(rig);
    expect(rig.finished()[0]).toMatchObject({
      provider: "anthropic",
      api: "messages",
      usage: { model: "fake-model-1", inputTokens: 1_001, cachedInputTokens: 301, cacheWriteTokens: 41 },
    });
    expect(rig.server.requests[0]!.headers["x-api-key"]).toBe(SECRET);
    expect(rig.server.requests[0]!.path).toBe("/v1/messages");
  });

  it("reads the gateway's own errors", async () => {
    await using rig = await gatewayRig(answers);
    const client = anthropicOf(rig.admit());
    await rig.gateway.dismiss({ runId: "run", taskId: "task", attempt: 1 } as never);
    const asked = { model: "claude", max_tokens: 50, messages: MESSAGES };
    await expect(client.messages.create(asked)).rejects.toThrow(Anthropic.AuthenticationError);
    expect(rig.server.requests).toHaveLength(0);
  });
});

describe("many attempts at once", () => {
  it("300 calls of 30 attempts are each counted for their own", async () => {
    // The model asked for says whose call it is, and the answer charges by it.
    const numberOf = (body: unknown): number => Number((body as { model: string }).model);
    await using rig = await gatewayRig((_n, body) =>
      answer(0, { content: "Done.", usage: usageOf(numberOf(body)) }),
    );
    const calls = Array.from({ length: 300 }, (_, i) => i);
    const clients = Array.from({ length: 30 }, (_, i) => rig.admit(`task-${i}`, 1 + (i % 2)));
    await Promise.all(
      calls.map(async (i) => {
        const variables = clients[i % 30]!;
        const asked = { ...CHAT, model: String(i % 30) };
        const stream = i % 2 === 0;
        const isMessage = Math.floor(i / 30) % 2 === 0;
        const [url, key] = isMessage
          ? [`${variables.ANTHROPIC_BASE_URL}/v1/messages`, variables.ANTHROPIC_API_KEY]
          : [`${variables.OPENAI_BASE_URL}/chat/completions`, variables.OPENAI_API_KEY];
        const body = JSON.stringify({ ...asked, stream });
        await (await fetch(url, { method: "POST", headers: { "x-api-key": key }, body })).text();
      }),
    );
    const finished = await rig.over(300);
    for (const { owner, model, usage } of finished) {
      expect(owner).toEqual({ runId: "run", taskId: `task-${model}`, attempt: 1 + (Number(model) % 2) });
      expect(usage?.inputTokens).toBe(1_000 + Number(model));
    }
    const callsOf = finished.filter(({ model }) => model === "7").map(({ call }) => call);
    expect(callsOf.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expectSameBooks(rig);
  });

  it("warns of no leak", async () => {
    const warnings: string[] = [];
    const warned = ({ message }: Error): number => warnings.push(message);
    process.on("warning", warned);
    await using rig = await gatewayRig(() => ({ kind: "stall-headers" }), { drain: { maxMs: 1 } });
    const { OPENAI_BASE_URL: url, OPENAI_API_KEY: key } = rig.admit();
    const ask = () =>
      fetch(`${url}/chat/completions`, { method: "POST", headers: { "x-api-key": key }, body: "{}" });
    const asked = Promise.allSettled(Array.from({ length: 20 }, ask));
    await expect.poll(() => rig.server.requests.length).toBe(20);
    await rig.gateway.close();
    await asked;
    process.off("warning", warned);
    expect(warnings).toEqual([]);
  });
});
