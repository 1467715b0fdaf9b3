import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { appendExchange, openTranscript, readTranscript, requestKey } from "./transcript.ts";

/** A server on this machine that stands between the analyzer and a model. */
export interface ModelRelay extends AsyncDisposable {
  readonly baseUrl: string;
}

interface Request {
  /** Below the base URL. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Answer = (request: Request, response: ServerResponse) => Promise<void>;

/**
 * Hands requests on to the server at `upstream`, and its answers back as they come. Those that say something are added
 * to the transcript.
 *
 * @throws BadInput when the transcript cannot be written.
 */
export async function recordingRelay(upstream: string, transcript: string): Promise<ModelRelay> {
  openTranscript(transcript);
  const base = upstream.replace(/\/+$/, "");
  return await startRelay(async ({ path, authorization, body }, response) => {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const answer = await fetch(base + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization && { authorization }) },
      body,
      signal: gone.signal,
    });
    const contentType = answer.headers.get("content-type") ?? "application/json";
    const retryAfter = answer.headers.get("retry-after");
    response.writeHead(answer.status, {
      "content-type": contentType,
      ...(retryAfter && { "retry-after": retryAfter }),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) {
      chunks.push(chunk);
      response.write(chunk);
    }
    if (saysSomething(answer.status)) {
      const text = Buffer.concat(chunks).toString("utf8");
      const request = requestKey(path, body);
      appendExchange(transcript, { request, status: answer.status, contentType, body: text });
    }
    response.end();
  });
}

/**
 * Answers as the transcript has it, and with 404 what it does not have.
 *
 * @throws BadInput when the transcript cannot be read.
 */
export async function replayingRelay(transcript: string): Promise<ModelRelay> {
  const exchanges = readTranscript(transcript);
  return await startRelay(async ({ path, body }, response) => {
    const { status, contentType, body: text } = exchanges.get(requestKey(path, body)) ?? NOT_RECORDED;
    response.writeHead(status, { "content-type": contentType }).end(text);
  });
}

const NOT_RECORDED = {
  status: 404,
  contentType: "application/json",
  body: JSON.stringify({ error: { message: "the transcript holds no answer to this" } }),
} as const;

/** An answer, or that the server does not know the format asked for. Else the server had no time, or no right, to answer. */
const saysSomething = (status: number): boolean => [200, 400, 422].includes(status);

async function startRelay(answer: Answer): Promise<ModelRelay> {
  const server = createServer((request, response) => {
    requestOf(request)
      .then((asked) => answer(asked, response))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function requestOf(request: IncomingMessage): Promise<Request> {
  let body = "";
  request.setEncoding("utf8");
  for await (const chunk of request) body += chunk;
  return { path: request.url ?? "/", authorization: request.headers.authorization, body };
}
