import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { runId, systemClock, taskId } from "@sheaf/core";
import {
  type FakeModelReply,
  type FakeModelScript,
  type FakeModelServer,
  startFakeModelServer,
} from "@sheaf/testkit";
import type { CallEvent, CallFinished, CallOwner, CallStarted } from "./call-event.ts";
import { type Gateway, type GatewayOptions, openGateway } from "./gateway.ts";

export const SECRET = "sk-real-and-secret";

/** A gateway before a fake model server, for tests. */
export interface GatewayRig extends AsyncDisposable {
  readonly server: FakeModelServer;
  readonly gateway: Gateway;
  readonly events: readonly CallEvent[];
  readonly finished: () => readonly CallFinished[];
  readonly started: () => readonly CallStarted[];
  /** Admits an attempt. */
  admit(taskId?: string, attempt?: number): Variables;
  /** Resolves when so many calls are over. */
  over(count: number): Promise<readonly CallFinished[]>;
}

export interface Variables {
  readonly OPENAI_BASE_URL: string;
  readonly OPENAI_API_KEY: string;
  readonly ANTHROPIC_BASE_URL: string;
  readonly ANTHROPIC_API_KEY: string;
}

export const ownerOf = (task = "task", attempt = 1): CallOwner => ({
  runId: runId("run"),
  taskId: taskId(task),
  attempt,
});

export async function gatewayRig(
  script: FakeModelScript,
  options: Partial<GatewayOptions> = {},
): Promise<GatewayRig> {
  const server = await startFakeModelServer(script);
  const events: CallEvent[] = [];
  const waiting = new Set<() => void>();
  const gateway = await openGateway({
    upstreams: {
      openai: { baseUrl: server.baseUrl, apiKey: SECRET, provider: "openai" },
      anthropic: { baseUrl: server.baseUrl.replace("/v1", ""), apiKey: SECRET, provider: "anthropic" },
    },
    onEvent(event) {
      events.push(event);
      for (const look of waiting) look();
    },
    clock: systemClock,
    ...options,
  });
  const finished = (): CallFinished[] => events.filter((event) => event.type === "call.finished");
  return {
    server,
    gateway,
    events,
    finished,
    started: () => events.filter((event) => event.type === "call.started"),
    admit: (task, attempt) => gateway.admit(ownerOf(task, attempt)) as unknown as Variables,
    over: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (finished().length < count) return;
          waiting.delete(look);
          resolve(finished());
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await server.close();
    },
  };
}

/** A model, a question and an answer that a test does not care about. */
export const ANSWER: FakeModelReply = { kind: "answer", content: "x".repeat(400) };
export const BODY = JSON.stringify({
  model: "m",
  max_tokens: 500,
  messages: [{ role: "user", content: "y ".repeat(40) }],
});
export const STREAM = BODY.replace("{", '{"stream":true,');

/** Sends a chat as a client does. */
export function ask(variables: Variables, body = BODY, init: RequestInit = {}): Promise<Response> {
  return fetch(`${variables.OPENAI_BASE_URL}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${variables.OPENAI_API_KEY}`, "content-type": "application/json" },
    body,
    ...init,
  });
}

/** Resolves when the gateway has heard of all that was done to its connections before. */
export async function noticed({ origin }: Gateway): Promise<void> {
  for (let i = 0; i < 2; i++) await (await fetch(origin)).text();
}

export interface PlainRig extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly events: readonly CallEvent[];
  readonly variables: Variables;
  /** Of the server, without a path. */
  readonly base: string;
}

/** A gateway before a plain server. */
export async function plainRig(
  listener: RequestListener,
  options: Partial<GatewayOptions> = {},
): Promise<PlainRig> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const events: CallEvent[] = [];
  const gateway = await openGateway({
    upstreams: { openai: { baseUrl: `${base}/v1`, apiKey: SECRET } },
    onEvent: (event) => events.push(event),
    clock: systemClock,
    ...options,
  });
  return {
    gateway,
    events,
    base,
    variables: gateway.admit(ownerOf()) as unknown as Variables,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

export const last = (events: readonly CallEvent[]): CallFinished => events.at(-1) as CallFinished;
