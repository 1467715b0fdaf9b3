import { afterEach, describe, expect, it, vi } from "vitest";
import { type FakeModelScript, type FakeModelServer, startFakeModelServer } from "./fake-model-server.ts";
import type { FakeModelReply } from "./fake-model-server-reply.ts";

let server: FakeModelServer;

afterEach(() => server.close());

async function ask(script: FakeModelScript, signal?: AbortSignal, more = {}): Promise<Response> {
  server = await startFakeModelServer(script);
  return await fetch(`${server.baseUrl}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "m", ...more }),
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

  const STREAM = { stream: true, stream_options: { include_usage: true } };

  /** The data of the events of a stream, and how it ended. */
  async function eventsOf(reply: FakeModelReply, more: object = STREAM): Promise<unknown[]> {
    const response = await ask(() => reply, undefined, more);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const bytes of response.body!) text += decoder.decode(bytes, { stream: true });
    } catch {
      text += "data: cut\n\n";
    }
    return text
      .split(/\r?\n\r?\n/)
      .filter((event) => event !== "")
      .map((event) => event.replace("data: ", ""))
      .map((data) => (data.startsWith("{") && data.endsWith("}") ? JSON.parse(data) : data));
  }

  it("streams where the request asks for it: a role, pieces, an end, and the usage in a chunk of its own", async () => {
    const reply = { kind: "answer", content: "hällo", stream: { pieceLength: 3, bytesAtOnce: 2 } } as const;
    const [role, first, second, finish, usage, done, ...rest] = await eventsOf(reply);
    expect(role).toMatchObject({ choices: [{ delta: { role: "assistant" } }] });
    expect([first, second]).toMatchObject([
      { choices: [{ delta: { content: "häl" }, finish_reason: null }] },
      { choices: [{ delta: { content: "lo" } }] },
    ]);
    expect(finish).toMatchObject({ choices: [{ finish_reason: "stop" }] });
    expect(usage).toMatchObject({ choices: [], usage: { prompt_tokens: 100 } });
    expect([done, rest]).toEqual(["[DONE]", []]);
  });

  it("tells the usage only where the request asks for it, and where it is told to", async () => {
    const tells = async (reply: object, more?: object): Promise<number> => {
      const events = await eventsOf({ kind: "answer", content: "hello", ...reply }, more);
      await server.requests[0]!.answered;
      const told = events.filter((event) => typeof event === "object" && "usage" in event!).length;
      expect(server.charged).toMatchObject([
        { usage: { prompt_tokens: 100, completion_tokens: 20 }, told: told > 0 },
      ]);
      await server.close();
      return told;
    };
    expect(await tells({})).toBe(1);
    expect(await tells({}, { stream: true })).toBe(0);
    expect(await tells({ usage: null })).toBe(0);
    expect(await tells({ stream: { usageIn: "last-chunk" } })).toBe(1);
    expect(await tells({ stream: { usageIn: "every-chunk" } })).toBe(3);
    expect(await tells({ stream: { usageIn: "every-chunk", stop: { after: "headers", by: "cut" } } })).toBe(
      0,
    );
  });

  it.each([
    ["headers", "end", 0, undefined],
    ["half", "cut", 2, "cut"],
    ["content", "half-line", 3, expect.stringMatching(/^\{"id":"chatcmpl-fake"/)],
    ["finish", "end", 4, undefined],
    ["usage", "cut", 5, "cut"],
  ] as const)("stops a stream after %s by: %s", async (after, by, count, last) => {
    const stream = { pieceLength: 1, stop: { after, by } };
    const events = await eventsOf({ kind: "answer", content: "ab", stream });
    expect(events).toHaveLength(last === undefined ? count : count + 1);
    if (last !== undefined) expect(events.at(-1)).toEqual(last);
  });

  it("holds a stream back until the test lets it go on", async () => {
    const passed: number[] = [];
    let go = (): void => {};
    const gate = (piece: number): Promise<void> => {
      passed.push(piece);
      return new Promise((resolve) => {
        go = resolve;
      });
    };
    const events = eventsOf({ kind: "answer", content: "ab", stream: { pieceLength: 1, gate } });
    await vi.waitFor(() => expect(passed).toEqual([1]));
    go();
    await vi.waitFor(() => expect(passed).toEqual([1, 2]));
    go();
    expect(await events).toHaveLength(6);
  });

  it("charges nothing for what it refuses", async () => {
    for (const kind of [
      "format-refused",
      "stream-options-refused",
      "quota-exhausted",
      "rate-limited",
    ] as const) {
      expect((await ask(() => ({ kind }))).ok).toBe(false);
      expect(server.charged).toEqual([]);
      await server.close();
    }
    await (await ask(() => ({ kind: "html" }))).text();
    expect(server.charged).toMatchObject([{ told: false }]);
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
