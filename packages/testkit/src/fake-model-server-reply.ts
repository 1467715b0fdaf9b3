import type { ServerResponse } from "node:http";

export interface FakeUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
}

/** What a fake model server does with one request. */
export type FakeModelReply =
  /** A completion. `usage: null` leaves it out; `finishReason` is "stop" and `model` "fake-model-1" when absent. */
  | {
      readonly kind: "answer";
      readonly content: string | null;
      readonly usage?: FakeUsage | null;
      readonly finishReason?: string;
      readonly refusal?: string;
      readonly model?: string;
    }
  /** These bytes, whatever they are. */
  | {
      readonly kind: "raw";
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A completion without choices. */
  | { readonly kind: "no-choices" }
  /** A page for people, with status 200. */
  | { readonly kind: "html" }
  /** 429 with `Retry-After`. */
  | { readonly kind: "rate-limited"; readonly retryAfterS: number }
  /** 400, as of a server that does not know the `response_format` asked for. */
  | { readonly kind: "format-refused" }
  /** No headers, ever. */
  | { readonly kind: "stall-headers" }
  /** Headers and the start of a body, and no more. */
  | { readonly kind: "stall-body" }
  /** The connection is cut, before the headers or in the middle of the body. */
  | { readonly kind: "disconnect"; readonly when: "before-headers" | "in-body" }
  /** A completion with a content of so many bytes. */
  | { readonly kind: "huge"; readonly bytes: number };

const USAGE: FakeUsage = { prompt_tokens: 100, completion_tokens: 20 };

/** Sends a reply, or leaves the response open where that is the reply. */
export function sendReply(response: ServerResponse, reply: FakeModelReply): void {
  switch (reply.kind) {
    case "stall-headers":
      break;
    case "stall-body":
      sendHalf(response);
      break;
    case "disconnect":
      if (reply.when === "in-body") sendHalf(response, () => response.destroy());
      else response.destroy();
      break;
    default:
      sendWhole(response, wholeReply(reply));
  }
}

type RawReply = Omit<FakeModelReply & { kind: "raw" }, "kind">;

function wholeReply(
  reply: Exclude<FakeModelReply, { kind: "stall-headers" | "stall-body" | "disconnect" }>,
): RawReply {
  switch (reply.kind) {
    case "answer":
      return json(200, completion(reply));
    case "raw":
      return reply;
    case "no-choices":
      return json(200, { ...completion({ content: "" }), choices: [] });
    case "html":
      return { status: 200, body: PAGE, headers: { "content-type": "text/html" } };
    case "rate-limited":
      return { ...failure(429, "Rate limit reached"), headers: { "retry-after": String(reply.retryAfterS) } };
    case "format-refused":
      return failure(400, "Unknown value for response_format");
    case "huge":
      return json(200, completion({ content: " ".repeat(reply.bytes) }));
    default:
      return reply satisfies never;
  }
}

const PAGE = "<!doctype html><html><body>Welcome to the gateway. {}</body></html>";

function completion(reply: Omit<FakeModelReply & { kind: "answer" }, "kind">): Record<string, unknown> {
  const { content, usage = USAGE, finishReason = "stop", refusal = null, model = "fake-model-1" } = reply;
  const message = { role: "assistant", content, refusal };
  return {
    id: "chatcmpl-fake",
    object: "chat.completion",
    created: 0,
    model,
    choices: [{ index: 0, message, finish_reason: finishReason, logprobs: null }],
    ...(usage === null ? {} : { usage }),
  };
}

function json(status: number, body: unknown): RawReply {
  return { status, body: JSON.stringify(body) };
}

function failure(status: number, message: string): RawReply {
  return json(status, { error: { message, type: "invalid_request_error", code: null } });
}

function sendWhole(response: ServerResponse, { status, body, headers }: RawReply): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body);
}

function sendHalf(response: ServerResponse, sent: () => void = () => {}): void {
  const text = JSON.stringify(completion({ content: "{}" }));
  response.writeHead(200, { "content-type": "application/json", "content-length": String(text.length) });
  response.write(text.slice(0, text.length / 2), sent);
}
