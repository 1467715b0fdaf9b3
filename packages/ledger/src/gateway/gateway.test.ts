import { once } from "node:events";
import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { systemClock } from "@sheaf/core";
import type { FakeModelReply } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import { type Gateway, openGateway } from "./gateway.ts";
import {
  ANSWER,
  ask,
  BODY,
  gatewayRig,
  last,
  ownerOf,
  plainRig,
  SECRET,
  STREAM,
  type Variables,
} from "./gateway-rig.ts";

describe("tokens of attempts", () => {
  it("let an attempt call below its own path, and nobody else, and end with it", async () => {
    await using rig = await gatewayRig(() => ANSWER);
    const [a, b] = [rig.admit("a"), rig.admit("b")];
    expect(rig.admit("a")).toEqual(a);
    expect((await ask(a)).status).toBe(200);
    const foreign = await ask({ ...a, OPENAI_API_KEY: b.OPENAI_API_KEY });
    expect(foreign.status).toBe(401);
    expect(await foreign.json()).toMatchObject({ error: { code: "invalid_api_key" } });
    expect((await ask({ ...a, OPENAI_API_KEY: SECRET })).status).toBe(401);
    expect((await ask(a, BODY, { headers: {} })).status).toBe(401);
    expect(
      (await ask(a, BODY, { headers: { authorization: "Bearer other", "x-api-key": a.OPENAI_API_KEY } }))
        .status,
    ).toBe(200);
    await rig.gateway.dismiss(ownerOf("a"));
    expect((await ask(a)).status).toBe(401);
    expect((await ask(b)).status).toBe(200);
    expect(rig.admit("a").OPENAI_API_KEY).not.toBe(a.OPENAI_API_KEY);
    expect(rig.server.requests).toHaveLength(3);
    expect(rig.events).toHaveLength(6);
  });

  it("are for strange ids as well", async () => {
    await using rig = await gatewayRig(() => ANSWER);
    const ids = ["ä.模型-1", "_r_t_a", "constructor", "नमस्ते", "a".repeat(100)];
    for (const id of ids) await ask(rig.admit(id, 3));
    expect(rig.finished().map(({ owner }) => owner)).toEqual(ids.map((id) => ownerOf(id, 3)));
    for (const id of ["..", "a/b", "", "a b"]) {
      expect(() => rig.gateway.admit({ ...ownerOf(), taskId: id as never })).toThrow("task id");
    }
    expect(() => rig.admit("a", 0)).toThrow("Expected `attempt` to be an integer >= 1, got 0");
  });

  it("are worth nothing where no server is known, or above its base URL", async () => {
    await using one = await plainRig((_, response) => void response.end("{}"));
    expect(Object.keys(one.variables)).not.toContain("ANTHROPIC_BASE_URL");
    const { OPENAI_BASE_URL: url, OPENAI_API_KEY: key } = one.variables;
    const statusOf = async (path: string): Promise<number | undefined> => {
      const sent = request(url.replace("/openai/v1", path), { headers: { "x-api-key": key } }).end();
      // The path as it stands, which `fetch` would put in order.
      const [response] = await once(sent, "response");
      response.resume();
      return response.statusCode;
    };
    expect(await statusOf("/anthropic/v1/messages")).toBe(404);
    expect(await statusOf("/openai/v1/models")).toBe(200);
    const sent = request({
      port: new URL(url).port,
      path: `${new URL(url).pathname}/%2e%2E/admin`,
      headers: { "x-api-key": key },
    });
    const [above] = await once(sent.end(), "response");
    expect(above.statusCode).toBe(404);
  });
});

describe("the server's side", () => {
  it.each([
    ["/v1", "/v1/chat/completions", "/v1/chat/completions"],
    ["/v1/", "/chat/completions", "/v1/chat/completions"],
    ["", "/v1/chat/completions", "/chat/completions"],
    [
      "/openai/deployments/d?api-version=1&x=a%20b",
      "/v1/chat/completions",
      "/openai/deployments/d/chat/completions?api-version=1&x=a+b",
    ],
    ["/d?api-version=1", "/v1/chat/completions?api-version=2&y", "/d/chat/completions?api-version=2&y"],
  ])("base URL %s, asked for %s", async (base, asked, reached) => {
    const seen: unknown[] = [];
    await using one = await plainRig((req, response) => {
      seen.push(req.url, req.headers.authorization, req.headers.host);
      response.end("{}");
    });
    const upstreams = { openai: { baseUrl: one.base + base, apiKey: SECRET } };
    const gateway = await openGateway({ upstreams, onEvent() {}, clock: systemClock });
    const { OPENAI_BASE_URL, OPENAI_API_KEY } = gateway.admit(ownerOf()) as unknown as Variables;
    const headers = { authorization: `Bearer ${OPENAI_API_KEY}` };
    await fetch(OPENAI_BASE_URL.replace("/v1", asked), { method: "POST", headers, body: BODY });
    expect(seen).toEqual([reached, `Bearer ${SECRET}`, new URL(one.base).host]);
    await gateway.close();
  });

  it.each(["", "/v1", "/proxy/v1/"])("Anthropic's base URL ends in %s", async (base) => {
    const seen: unknown[] = [];
    await using one = await plainRig((req, response) => {
      seen.push(req.url, req.headers["x-api-key"], req.headers.authorization);
      response.end("{}");
    });
    const upstreams = { anthropic: { baseUrl: one.base + base, apiKey: SECRET } };
    const gateway = await openGateway({ upstreams, onEvent() {}, clock: systemClock });
    const { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: key } = gateway.admit(
      ownerOf(),
    ) as unknown as Variables;
    await fetch(`${url}/v1/messages?beta=true`, {
      method: "POST",
      headers: { "x-api-key": key },
      body: BODY,
    });
    expect(seen).toEqual([`${base.replace(/\/v1\/?$/, "")}/v1/messages?beta=true`, SECRET, undefined]);
    await gateway.close();
  });

  it("refuses base URLs that are none without showing what they hide", async () => {
    const open = (baseUrl: string): Promise<Gateway> =>
      openGateway({ upstreams: { openai: { baseUrl, apiKey: "k" } }, onEvent() {}, clock: systemClock });
    await expect(open("nowhere")).rejects.toThrow("upstreams.openai.baseUrl");
    const refused = await open("https://me:hidden@host/v1").catch((error: Error) => error.message);
    expect(refused).toContain("without a user and a password");
    expect(refused).not.toContain("hidden");
  });

  it("is told what the client says, but for what is about the client's connection", async () => {
    let seen: Record<string, unknown> = {};
    await using one = await plainRig((req, response) => {
      seen = req.headers;
      response.writeHead(200, [
        ...["X-Answer", "1", "Set-Cookie", "a=1", "Set-Cookie", "b=2"],
        ...["Connection", "X-Gone", "X-Gone", "1", "Keep-Alive", "timeout=9"],
      ]);
      response.end("{}");
    });
    const socket = request(`${one.variables.OPENAI_BASE_URL}/chat/completions`, {
      method: "POST",
      headers: {
        ...{ "x-api-key": one.variables.OPENAI_API_KEY, "x-mine": "1", "x-hop": "1", te: "trailers" },
        ...{ connection: "keep-alive, X-Hop", "accept-encoding": "gzip", "openai-beta": "b" },
      },
    });
    const [response] = await once(socket.end(BODY), "response");
    expect(seen).toMatchObject({ "x-mine": "1", "openai-beta": "b", "accept-encoding": "identity" });
    for (const gone of ["x-hop", "te", "x-api-key"]) expect(seen).not.toHaveProperty(gone);
    expect(response.headers).toMatchObject({ "x-answer": "1", "set-cookie": ["a=1", "b=2"] });
    for (const gone of ["x-gone"]) expect(response.headers).not.toHaveProperty(gone);
    response.resume();
  });

  it("is asked by connections that stay open", async () => {
    const ports = new Set<number | undefined>();
    await using one = await plainRig((req, response) => {
      ports.add(req.socket.remotePort);
      response.end("{}");
    });
    for (let i = 0; i < 5; i++) await (await ask(one.variables)).text();
    expect(ports.size).toBe(1);
  });

  it("may compress its answers unasked", async () => {
    const answer = JSON.stringify({ model: "m", usage: { prompt_tokens: 3, completion_tokens: 4 } });
    await using one = await plainRig((_, response) => {
      response.setHeader("content-encoding", "gzip").end(gzipSync(answer));
    });
    expect(await (await ask(one.variables)).text()).toBe(answer);
    expect(last(one.events)).toMatchObject({
      source: "provider",
      usage: { inputTokens: 3, outputTokens: 4 },
    });
  });

  it("may fail, and the client sees how, but never the key", async () => {
    await using one = await plainRig((_, response) => {
      response.writeHead(418, { "x-key": SECRET, "retry-after": "7" });
      response.end(`{"error":{"message":"Incorrect API key provided: ${SECRET}, ${SECRET}"}}`);
    });
    const response = await ask(one.variables);
    expect([response.status, response.headers.get("retry-after")]).toEqual([418, "7"]);
    expect(response.headers.get("x-key")).toBe("[key]");
    expect(await response.text()).toBe('{"error":{"message":"Incorrect API key provided: [key], [key]"}}');
    expect(last(one.events)).toMatchObject({ state: "http-error", status: 418, usage: null, source: "none" });
    expect(JSON.stringify(one.events)).not.toContain(SECRET);
  });

  it("may not be there", async () => {
    await using one = await plainRig(() => {}, {
      upstreams: { openai: { baseUrl: "http://127.0.0.1:1/v1?secret=hidden", apiKey: SECRET } },
    });
    const response = await ask(one.variables);
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({
      error: {
        message: "The model server at http://127.0.0.1:1 cannot be reached (ECONNREFUSED).",
        type: "server_error",
        param: null,
        code: "upstream_unreachable",
      },
    });
    expect(last(one.events)).toMatchObject({
      state: "unreachable",
      status: null,
      usage: null,
      source: "none",
    });
  });

  it("may have a key that no header takes: the client is told, and nothing stays open", async () => {
    await using one = await plainRig(() => {}, {
      upstreams: { openai: { baseUrl: "http://127.0.0.1:1/v1", apiKey: "sk-cut-off…" } },
    });
    const response = await ask(one.variables, BODY, { signal: AbortSignal.timeout(5_000) });
    expect([response.status, await response.json()]).toMatchObject([
      502,
      { error: { message: expect.stringContaining("authorization"), code: "upstream_unreachable" } },
    ]);
    expect(one.events.map(({ type }) => type)).toEqual(["call.started", "call.finished"]);
    expect(last(one.events)).toMatchObject({ state: "unreachable", usage: null, source: "none" });
  });

  it("may break off before it answers: what that cost is estimated", async () => {
    await using rig = await gatewayRig(() => ({ kind: "disconnect", when: "before-headers" }));
    const response = await ask(rig.admit());
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
      502,
      "upstream_broke_off",
    ]);
    const usage = { model: "m", provider: "openai", outputTokens: 0 };
    expect(last(rig.events)).toMatchObject({ state: "aborted", status: null, usage, source: "estimated" });
    expect(last(rig.events).usage?.inputTokens).toBeGreaterThan(20);
  });

  it.each(["half", "content"] as const)(
    "may break off in a stream, after %s: the client sees it",
    async (after) => {
      await using rig = await gatewayRig(
        () => ({ ...ANSWER, stream: { stop: { after, by: "cut" } } }) as FakeModelReply,
      );
      const response = await ask(rig.admit(), STREAM);
      await expect(response.text()).rejects.toThrow("terminated");
      await rig.over(1);
      const tokens = after === "half" ? 52 : 100;
      expect(last(rig.events)).toMatchObject({
        state: "aborted",
        source: "estimated",
        usage: { outputTokens: tokens },
      });
    },
  );

  it("need not know the option for the usage of a stream", async () => {
    await using rig = await gatewayRig((_, body) =>
      "stream_options" in (body as object) ? { kind: "stream-options-refused" } : ANSWER,
    );
    const variables = rig.admit();
    expect(await (await ask(variables, STREAM)).text()).toContain("[DONE]");
    expect(await (await ask(variables, STREAM)).text()).toContain("[DONE]");
    expect(rig.server.requests).toHaveLength(3);
    const [first] = await rig.over(2);
    expect(first).toMatchObject({ state: "ok", source: "estimated", usage: { outputTokens: 100 } });
  });
});
