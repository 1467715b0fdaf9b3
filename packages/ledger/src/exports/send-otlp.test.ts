import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { stamp, tell } from "./events-rig.ts";
import { otlpMetrics, otlpTraces } from "./otlp.ts";
import { metricsProblems, tracesProblems } from "./otlp-schema-rig.ts";
import { runFacts } from "./run-facts.ts";
import { otlpServer, sendOtlp } from "./send-otlp.ts";

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

const CHECKS: Readonly<Record<string, (body: unknown) => readonly string[]>> = {
  "/v1/traces": tracesProblems,
  "/v1/metrics": metricsProblems,
};

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A receiver of OTLP over HTTP that refuses what is no OTLP. `answer` may answer in its place. */
async function receiver(answer?: (response: ServerResponse, path: string) => void) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const path = request.url ?? "";
      const body: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
      received.push({ path, headers: request.headers, body });
      if (answer !== undefined) return answer(response, path);
      const problems = CHECKS[path]?.(body) ?? ["it goes nowhere"];
      const isJson = request.headers["content-type"] === "application/json";
      response.writeHead(problems.length === 0 && isJson ? 200 : 400, { "content-type": "application/json" });
      response.end(problems.length === 0 ? "{}" : JSON.stringify({ message: problems.join("; ") }));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  closing.push(close);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, received, close };
}

const run = runFacts(stamp([tell.begun(), tell.started("a"), tell.finished("a"), tell.ended()]))!;
const messages = { traces: otlpTraces(run), metrics: [otlpMetrics(run)] };

describe("sending to a server of OTLP", () => {
  it("sends spans and metrics to their paths, with the headers of the environment", async () => {
    const { url, received } = await receiver();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b%3D, x-team = red,",
    };
    expect(await sendOtlp(messages, otlpServer(undefined, env))).toBeNull();
    expect(received.map(({ path }) => path)).toEqual(["/v1/traces", "/v1/metrics"]);
    expect(received.map(({ body }) => JSON.stringify(body))).toEqual([
      ...messages.traces,
      ...messages.metrics,
    ]);
    for (const { headers } of received) expect(headers).toMatchObject({ "api-key": "a b=", "x-team": "red" });
  });

  it("says what the server answered, and sends no more", async () => {
    const { url, received } = await receiver((response) => response.writeHead(503).end("come\n back"));
    expect(await sendOtlp(messages, otlpServer(url, {}))).toBe(`${url}/v1/traces answered 503: come back`);
    expect(received).toHaveLength(1);
  });

  it("says how much of a message was refused", async () => {
    const { url } = await receiver((response, path) => {
      const answer = path === "/v1/traces" ? {} : { rejectedDataPoints: "3", errorMessage: "too old" };
      response.end(JSON.stringify({ partialSuccess: answer }));
    });
    const told = await sendOtlp(messages, otlpServer(url, {}));
    expect(told).toBe(`${url}/v1/metrics refused 3 of what it was sent: too old`);
  });

  it("follows nobody to another server, as the headers may hold a key", async () => {
    const other = await receiver();
    const { url } = await receiver((response) => response.writeHead(307, { location: other.url }).end());
    const env = { OTEL_EXPORTER_OTLP_HEADERS: "api-key=secret" };
    expect(await sendOtlp(messages, otlpServer(url, env))).toBe(`${url}/v1/traces answered 307`);
    expect(other.received).toEqual([]);
  });

  it("says that nobody answers, or not in time", async () => {
    const { url, close } = await receiver(() => {});
    const server = otlpServer(url, { OTEL_EXPORTER_OTLP_TIMEOUT: "50" });
    expect(await sendOtlp(messages, server)).toBe(`${url}/v1/traces did not answer within 50 ms`);
    await close();
    expect(await sendOtlp(messages, server)).toMatch(/\/v1\/traces could not be reached: .*ECONNREFUSED/);
  });

  it("takes an answer that is no JSON", async () => {
    const { url } = await receiver((response) => response.end("ok"));
    expect(await sendOtlp(messages, otlpServer(url, {}))).toBeNull();
  });
});

describe("which server", () => {
  it("is the one that is named, else that of the environment", () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://b:1" };
    expect(otlpServer("https://a/otlp/", env).endpoint).toBe("https://a/otlp");
    expect(otlpServer(undefined, env)).toEqual({ endpoint: "http://b:1", headers: {}, timeoutMs: 10_000 });
  });

  it.each([
    ["localhost:4318", {}, "Expected `endpoint` to be the URL of a server"],
    [undefined, {}, "Expected `OTEL_EXPORTER_OTLP_ENDPOINT` to be the URL of a server"],
    ["http://a", { OTEL_EXPORTER_OTLP_TIMEOUT: "10s" }, 'whole number of milliseconds >= 1, got "10s"'],
    ["http://a", { OTEL_EXPORTER_OTLP_HEADERS: "sk-secret" }, "Expected `OTEL_EXPORTER_OTLP_HEADERS` to be"],
    ["http://a", { OTEL_EXPORTER_OTLP_HEADERS: "a=%E0" }, "Expected `OTEL_EXPORTER_OTLP_HEADERS` to be"],
  ])("is refused where it is %s with %j", (endpoint, env, message) => {
    expect(() => otlpServer(endpoint, env)).toThrow(message);
    expect(() => otlpServer(endpoint, env)).not.toThrow("secret");
  });
});
