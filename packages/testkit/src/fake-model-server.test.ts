import { afterEach, describe, expect, it } from "vitest";
import { type FakeModelScript, type FakeModelServer, startFakeModelServer } from "./fake-model-server.ts";

let server: FakeModelServer;

afterEach(() => server.close());

async function ask(script: FakeModelScript, signal?: AbortSignal): Promise<Response> {
  server = await startFakeModelServer(script);
  return await fetch(`${server.baseUrl}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "m" }),
    signal: signal ?? null,
  });
}

describe("startFakeModelServer", () => {
  it("answers with a completion and its usage", async () => {
    const response = await ask(() => ({ kind: "answer", content: "hello", finishReason: "length" }));
    expect(await response.json()).toMatchObject({
      choices: [{ finish_reason: "length", message: { content: "hello" } }],
      usage: { prompt_tokens: 100, completion_tokens: 20 },
    });
  });

  it("leaves usage out when told so", async () => {
    const response = await ask(() => ({ kind: "answer", content: "hello", usage: null }));
    expect(await response.json()).not.toHaveProperty("usage");
  });

  it("hands the script the number and the body of each request, and records them", async () => {
    const seen: unknown[] = [];
    const response = await ask((call, body) => {
      seen.push([call, body]);
      return { kind: "rate-limited", retryAfterS: 90 };
    });
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("90");
    expect(seen).toEqual([[1, { model: "m" }]]);
    expect(server.requests).toMatchObject([{ path: "/v1/chat/completions", body: { model: "m" } }]);
    await response.text();
    expect(await server.requests[0]!.answered).toBe(true);
  });

  it("cuts the connection before the headers or in the body", async () => {
    await expect(ask(() => ({ kind: "disconnect", when: "before-headers" }))).rejects.toThrow("fetch failed");
    await server.close();
    const response = await ask(() => ({ kind: "disconnect", when: "in-body" }));
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it("holds a stalled reply open until the client gives it up", async () => {
    const client = new AbortController();
    const response = await ask(() => ({ kind: "stall-body" }), client.signal);
    client.abort();
    await expect(response.text()).rejects.toThrow("aborted");
    expect(await server.requests[0]!.answered).toBe(false);
  });

  it("answers 404 elsewhere and 500 when the script fails", async () => {
    const response = await ask(() => {
      throw new Error("no line left");
    });
    expect(response.status).toBe(500);
    expect(await response.text()).toContain("no line left");
    expect((await fetch(`${server.baseUrl}/models`)).status).toBe(404);
  });

  it("ends with replies still open, and may be told to end twice", async () => {
    let arrive = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const hanging = ask(() => {
      arrive();
      return { kind: "stall-headers" };
    });
    const ended = expect(hanging).rejects.toThrow("fetch failed");
    await arrived;
    await server.close();
    await ended;
    await server.close();
  });
});
