import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type FakeModelReply, sendReply } from "./fake-model-server-reply.ts";

/** A request that a fake model server got. */
export interface FakeModelRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as JSON, or as text where it is none. */
  readonly body: unknown;
  /** Settles when nothing more is sent: true when the whole reply was, false when the connection was given up. */
  readonly answered: Promise<boolean>;
}

/** Says what to do with a request; `call` is 1 for the first. */
export type FakeModelScript = (call: number, body: unknown) => FakeModelReply;

export interface FakeModelServer {
  /** For clients of OpenAI's API, for example "http://127.0.0.1:4711/v1". */
  readonly baseUrl: string;
  /** All requests so far. */
  readonly requests: readonly FakeModelRequest[];
  /** Ends the server and every connection to it. */
  close(): Promise<void>;
}

/** Starts a server on this machine that speaks OpenAI's chat completions and does what the script says. */
export async function startFakeModelServer(script: FakeModelScript): Promise<FakeModelServer> {
  const requests: FakeModelRequest[] = [];
  const server = createServer((request, response) => {
    const answered = new Promise<boolean>((resolve) => {
      response.on("close", () => resolve(response.writableFinished));
    });
    readBody(request)
      .then((body) => {
        requests.push({ path: request.url ?? "", headers: request.headers, body, answered });
        const isChat = request.method === "POST" && request.url === "/v1/chat/completions";
        sendReply(response, isChat ? script(requests.length, body) : failure(404, "no such path"));
      })
      .catch((error: unknown) => sendReply(response, failure(500, `the script failed: ${String(error)}`)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    close: () => {
      closing ??= new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      });
      return closing;
    },
  };
}

const failure = (status: number, message: string): FakeModelReply => {
  return { kind: "raw", status, body: JSON.stringify({ error: { message } }) };
};

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request) text += chunk;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
