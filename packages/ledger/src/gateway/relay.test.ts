import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { FakeClock } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import {
  ANSWER,
  ask,
  BODY,
  type GatewayRig,
  gatewayRig,
  last,
  noticed,
  ownerOf,
  plainRig,
  STREAM,
} from "./gateway-rig.ts";

/** A stream whose client has gone after its third piece. */
async function deserted(rig: GatewayRig, body = STREAM): Promise<void> {
  const client = new AbortController();
  const response = await ask(rig.admit(), body, { signal: client.signal });
  await response.body!.getReader().read();
  client.abort();
  await noticed(rig.gateway);
}

describe("the client's side", () => {
  it("gets each piece when it comes, and the headers before the first", async () => {
    const gates: (() => void)[] = [];
    await using rig = await gatewayRig(() => ({
      kind: "answer",
      content: "abcd",
      stream: { pieceLength: 1, gate: () => new Promise<void>((go) => void gates.push(go)) },
    }));
    const response = await ask(rig.admit(), STREAM);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain("role");
    for (const piece of "abcd") {
      while (gates.length === 0) await new Promise(setImmediate);
      gates.pop()!();
      expect((await reader.read()).value).toContain(`"content":"${piece}"`);
    }
  });

  it("gets the headers while the server thinks", async () => {
    await using rig = await gatewayRig(() => ({
      kind: "answer",
      content: "x",
      stream: { stop: { after: "headers", by: "stall" } },
    }));
    const client = new AbortController();
    expect((await ask(rig.admit(), STREAM, { signal: client.signal })).status).toBe(200);
    client.abort();
    await rig.server.close();
  });

  it("is billed by what was told before the server broke off, and by what came since", async () => {
    await using rig = await gatewayRig(() => ({
      kind: "answer",
      content: "x".repeat(400),
      stream: { stop: { after: "half", by: "cut" } },
    }));
    const { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: key } = rig.admit();
    const asked = { method: "POST", headers: { "x-api-key": key }, body: STREAM };
    await expect(fetch(`${url}/v1/messages`, asked).then((response) => response.text())).rejects.toThrow();
    const [call] = await rig.over(1);
    expect(call).toMatchObject({ state: "aborted", source: "estimated" });
    expect(call!.usage).toMatchObject({ model: "fake-model-1", inputTokens: 100, outputTokens: 52 });
  });

  it("holds the server up while it does not read", async () => {
    let written = 0;
    const all = 160;
    await using one = await plainRig(async (req, response) => {
      req.resume();
      for (; written < all && !response.destroyed; written++) {
        if (!response.write(Buffer.alloc(2 ** 18, 0x78))) await once(response, "drain").catch(() => {});
      }
      response.end();
    });
    const { port, pathname } = new URL(one.variables.OPENAI_BASE_URL);
    const socket = connect(Number(port), "127.0.0.1");
    const key = one.variables.OPENAI_API_KEY;
    socket.write(
      `POST ${pathname}/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\ncontent-length: 2\r\n\r\n{}`,
    );
    await once(socket, "readable");
    for (let [still, earlier] = [0, -1]; still < 5; earlier = written) {
      await noticed(one.gateway);
      still = written === earlier ? still + 1 : 0;
    }
    expect(written).toBeLessThan(all * 0.75);
    socket.resume();
    while (written < all) await new Promise(setImmediate);
    socket.destroy();
  });

  it("may leave: no more is read than the limit of bytes, and the rest is estimated", async () => {
    let goOn = (): void => {};
    const left = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await using rig = await gatewayRig(
      () => ({
        kind: "answer",
        content: "x".repeat(100_000),
        stream: { gate: (piece) => (piece === 3 ? left : undefined) },
      }),
      { drain: { maxBytes: 5_000 } },
    );
    await deserted(rig, STREAM.replace('"max_tokens":500', '"max_tokens":50000'));
    goOn();
    await rig.over(1);
    const { state, source, usage } = last(rig.events);
    expect([state, source]).toEqual(["aborted", "estimated"]);
    expect(usage!.outputTokens).toBeGreaterThan(10);
    expect(usage!.outputTokens).toBeLessThan(2_000);
  });

  it("may be killed in mid-stream: the server's figures are in the books all the same", async () => {
    let goOn = (): void => {};
    const killed = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await using rig = await gatewayRig(() => ({
      kind: "answer",
      content: "x".repeat(400),
      stream: { gate: (piece) => (piece === 3 ? killed : undefined) },
    }));
    const program = `
      const headers = { authorization: "Bearer " + process.env.OPENAI_API_KEY };
      const body = ${JSON.stringify(STREAM)};
      const url = process.env.OPENAI_BASE_URL + "/chat/completions";
      for await (const _ of (await fetch(url, { method: "POST", headers, body })).body) console.log("some");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      env: { ...rig.admit() },
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    await noticed(rig.gateway);
    goOn();
    await rig.gateway.dismiss(ownerOf());
    const usage = { model: "fake-model-1", provider: "openai", inputTokens: 100, outputTokens: 20 };
    expect(last(rig.events)).toMatchObject({ state: "aborted", source: "provider", usage });
    expect(rig.server.charged).toMatchObject([{ told: true }]);
  });

  it("may leave: the rest is waited for no longer than the limit of time", async () => {
    const clock = new FakeClock();
    await using rig = await gatewayRig(
      () => ({ kind: "answer", content: "x".repeat(64), stream: { stop: { after: "half", by: "stall" } } }),
      { clock, drain: { maxMs: 1_000 } },
    );
    await deserted(rig);
    clock.advance(999);
    expect(rig.finished()).toEqual([]);
    clock.advance(1);
    expect(await rig.over(1)).toMatchObject([
      { state: "aborted", source: "estimated", usage: { outputTokens: 8 } },
    ]);
    expect(await rig.server.requests[0]!.answered).toBe(false);
  });

  it("may leave in the text of an error, which costs nothing", async () => {
    const clock = new FakeClock();
    const options = { clock, drain: { maxMs: 1_000 } };
    let answered = (): void => {};
    const halfSaid = new Promise<void>((resolve) => {
      answered = resolve;
    });
    await using one = await plainRig((_, response) => {
      response.writeHead(500).write("half", () => answered());
    }, options);
    const client = new AbortController();
    const asked = ask(one.variables, BODY, { signal: client.signal }).catch(() => {});
    await halfSaid;
    await noticed(one.gateway);
    client.abort();
    await noticed(one.gateway);
    expect(clock.pending).toBe(1);
    await asked;
    clock.advance(1_000);
    await one.gateway.dismiss(ownerOf());
    expect(last(one.events)).toMatchObject({ state: "http-error", status: 500, source: "none" });
  });

  it("may leave before the answer begins: it is waited for", async () => {
    let goOn = (): void => {};
    await using one = await plainRig((req, response) => {
      req.resume();
      goOn = () => void response.end(JSON.stringify({ usage: { prompt_tokens: 3, completion_tokens: 4 } }));
    });
    const client = new AbortController();
    const asked = ask(one.variables, BODY, { signal: client.signal });
    while (one.events.length === 0) await new Promise(setImmediate);
    client.abort();
    await asked.catch(() => {});
    await noticed(one.gateway);
    goOn();
    await one.gateway.dismiss(ownerOf());
    expect(last(one.events)).toMatchObject({
      state: "aborted",
      source: "provider",
      usage: { outputTokens: 4 },
    });
  });
});

describe("events", () => {
  it("begin before the request is sent and hold what is known by then", async () => {
    const clock = new FakeClock(5_000);
    await using rig = await gatewayRig(
      (n) => {
        expect(rig.events).toHaveLength(n === 1 ? 1 : 3);
        clock.advance(250);
        return ANSWER;
      },
      { clock },
    );
    await (await ask(rig.admit())).text();
    const facts = { call: 1, provider: "openai", api: "chat", model: "m", httpRetry: null, owner: ownerOf() };
    const [started, finished] = rig.events;
    expect(started).toMatchObject({ type: "call.started", at: 5_000, ...facts, maxOutputTokens: 500 });
    expect(started).toHaveProperty("estimatedInputTokens", 24);
    expect(finished).toMatchObject({ type: "call.finished", at: 5_250, ...facts, status: 200 });
    expect(finished).toMatchObject({ firstByteMs: 250, durationMs: 250, state: "ok" });
  });

  it("are not there for what costs nothing, and say so where usage cannot be read", async () => {
    await using one = await plainRig(
      (req, response) => void req.resume().on("end", () => response.end("audio")),
    );
    const { OPENAI_BASE_URL: base, OPENAI_API_KEY: key } = one.variables;
    const headers = { authorization: `Bearer ${key}` };
    expect(await (await fetch(`${base}/models`, { headers })).text()).toBe("audio");
    await fetch(`${base}/messages/count_tokens`, { headers, method: "POST", body: "{}" });
    expect(one.events).toEqual([]);
    await fetch(`${base}/audio/speech`, { headers, method: "POST", body: "{}" });
    expect(last(one.events)).toMatchObject({ api: null, state: "ok", usage: null, source: "none" });
  });

  it("that cannot be taken harm nobody", async () => {
    await using rig = await gatewayRig(() => ANSWER, {
      onEvent() {
        throw new Error("full");
      },
    });
    expect((await ask(rig.admit())).status).toBe(200);
    await rig.gateway.dismiss(ownerOf());
    expect(rig.gateway.faults).toBe(2);
  });
});

describe("close", () => {
  it("waits for open calls, for a while, and takes no more", async () => {
    const clock = new FakeClock();
    await using rig = await gatewayRig(
      () => ({ kind: "answer", content: "x".repeat(64), stream: { stop: { after: "half", by: "stall" } } }),
      { clock, drain: { maxMs: 1_000 } },
    );
    const variables = rig.admit();
    const response = await ask(variables, STREAM);
    const closed = rig.gateway.close();
    expect(rig.gateway.close()).toBe(closed);
    await expect(ask(variables)).rejects.toThrow();
    clock.advance(1_000);
    await closed;
    await expect(response.text()).rejects.toThrow();
    expect(last(rig.events)).toMatchObject({ state: "aborted", source: "estimated" });
    expect(clock.pending).toBe(0);
  });

  it("does not wait for a request that never comes whole", async () => {
    const clock = new FakeClock();
    await using rig = await gatewayRig(() => ANSWER, { clock, drain: { maxMs: 1_000 } });
    const { port, pathname } = new URL(rig.admit().OPENAI_BASE_URL);
    const socket = connect(Number(port), "127.0.0.1");
    const key = rig.admit().OPENAI_API_KEY;
    socket.write(
      `POST ${pathname}/responses HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\ncontent-length: 9\r\n\r\n{`,
    );
    await once(socket, "connect");
    await noticed(rig.gateway);
    const closed = rig.gateway.close();
    clock.advance(1_000);
    await closed;
    expect(rig.events).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

it("a request that cannot be made is answered, told and costs nothing", async () => {
  await using rig = await plainRig((_, response) => response.end("{}"), {
    upstreams: { openai: { baseUrl: "http://127.0.0.1:1", apiKey: "no\nheader" } },
  });
  const answer = await ask(rig.variables);
  expect([answer.status, await answer.text()]).toEqual([
    502,
    expect.stringContaining("cannot be asked (Invalid character in header content"),
  ]);
  expect(last(rig.events)).toMatchObject({ state: "unreachable", usage: null, source: "none" });
});
