import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { Readable } from "node:stream";
import { urlToHttpOptions } from "node:url";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { Upstream } from "./upstream.ts";

/**
 * Longest time that a connection is kept without use, in ms. Servers close theirs after five seconds and more; one
 * that is used just then breaks, and nobody knows whether the request was read.
 */
const LONGEST_IDLE_MS = 4_000;

/** Connections to model servers, kept open between calls. Where there are as many as there may be, requests wait. */
export interface UpstreamConnections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

export function openConnections(most: number): UpstreamConnections {
  const options = { keepAlive: true, timeout: LONGEST_IDLE_MS, maxTotalSockets: most };
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

export interface UpstreamRequest {
  readonly upstream: Upstream;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** Sends a request; the answer comes as the event "response". */
export function sendUpstream(
  { upstream, method, path, headers, body }: UpstreamRequest,
  connections: UpstreamConnections,
): ClientRequest {
  const isHttps = upstream.url.protocol === "https:";
  const send = isHttps ? requestHttps : requestHttp;
  const request = send({
    ...urlToHttpOptions(upstream.url),
    agent: isHttps ? connections.https : connections.http,
    method,
    path,
    headers:
      body.length === 0 && /^(GET|HEAD|DELETE|OPTIONS)$/.test(method)
        ? headers
        : { ...headers, "content-length": String(body.length) },
  });
  request.end(body);
  return request;
}

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Returns an answer's body as it was before it was compressed, for servers that do so unasked. */
export function plainBody(answer: IncomingMessage): { readonly body: Readable; readonly isDecoded: boolean } {
  const decoder = DECODERS[answer.headers["content-encoding"]?.trim().toLowerCase() ?? ""];
  if (decoder === undefined) return { body: answer, isDecoded: false };
  const decoded = decoder();
  answer.on("error", () => (decoded as unknown as Readable).destroy());
  return { body: answer.pipe(decoded) as unknown as Readable, isDecoded: true };
}
