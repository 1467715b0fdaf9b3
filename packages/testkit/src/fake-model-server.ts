import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { FakeUsage } from "./fake-model-answer.ts";
import { fakeApiOf } from "./fake-model-forms.ts";
import { chargeOf, DEFAULT_USAGE, type FakeModelReply, sendReply } from "./fake-model-server-reply.ts";

/** A request that a fake model server got. */
export interface FakeModelRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as JSON, or as text where it is none. */
  readonly body: unknown;
  /** Settles when nothing more is sent: true when the whole reply was, false when the connection was given up. */
  readonly answered: Promise<boolean>;
}

/** What a fake model server has taken for one request: for every one that it did not refuse. */
export interface FakeCharge {
  readonly request: FakeModelRequest;
  readonly usage: FakeUsage;
  /** Whether it has told the client so. */
  readonly told: boolean;
}

/** Says what to do with a request; `call` is 1 for the first. */
export type FakeModelScript = (call: number, body: unknown) => FakeModelReply;

export interface FakeModelServer {
  /** For clients of OpenAI's API, for example "http://127.0.0.1:4711/v1". */
  readonly baseUrl: string;
  /** All requests so far. */
  readonly requests: readonly FakeModelRequest[];
  /** What it has charged so far. */
  readonly charged: readonly FakeCharge[];
  /** Ends the server and every connection to it. */
  close(): Promise<void>;
}

/**
 * Starts a server on this machine that speaks OpenAI's chat completions, responses and embeddings and Anthropic's
 * messages, and does what the script says.
 */
export async function startFakeModelServer(script: FakeModelScript): Promise<FakeModelServer> {
  const requests: FakeModelRequest[] = [];
  const charged: (FakeCharge & { told: boolean })[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answered = new Promise<boolean>((resolve) => {
      response.on("close", () => resolve(response.writableFinished));
    });
    const body = await readBody(request);
    const received = { path: request.url ?? "", headers: request.headers, body, answered };
    requests.push(received);
    const api = request.method === "POST" ? fakeApiOf(request.url ?? "") : null;
    const reply = api !== null ? script(requests.length, body) : failure(404, "no such path");
    const usage = chargeOf(reply);
    const charge = { request: received, usage: usage ?? DEFAULT_USAGE, told: false };
    if (usage !== null) charged.push(charge);
    const told = (): void => {
      charge.told = true;
    };
    await sendReply(response, reply, { api: api ?? "chat", body, told });
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else
        sendReply(response, failure(500, `the script failed: ${String(error)}`), {
          api: "chat",
          body: null,
          told() {},
        });
    });
  });
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: "127.0.0.1", backlog: 65_535 }, resolve),
  );
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    charged,
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
