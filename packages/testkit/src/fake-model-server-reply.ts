import type { ServerResponse } from "node:http";
import type { FakeCompletion, FakeUsage } from "./fake-model-answer.ts";
import { type FakeApi, wholeForm } from "./fake-model-forms.ts";
import { type FakeStream, sendStream } from "./fake-model-stream.ts";

/** What a fake model server does with one request. */
export type FakeModelReply =
  /**
   * A completion, as events where the request asks for a stream. `usage: null` keeps to itself what it cost;
   * `finishReason` is "stop" and `model` "fake-model-1" when absent; `finishReason: null` leaves it out.
   */
  | {
      readonly kind: "answer";
      readonly content: string | null;
      readonly usage?: FakeUsage | null;
      readonly finishReason?: string | null;
      readonly refusal?: string;
      readonly model?: string;
      /** Whatever the request asks for. */
      readonly as?: "json" | "stream";
      readonly stream?: FakeStream;
      /** Of the answer as JSON. @default "application/json" */
      readonly contentType?: string;
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
  /** 429, with `Retry-After` in seconds or other headers. */
  | {
      readonly kind: "rate-limited";
      readonly retryAfterS?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** 429 of an account that has nothing left. */
  | { readonly kind: "quota-exhausted" }
  /** 400, as of a server that does not know the `response_format` asked for. */
  | { readonly kind: "format-refused" }
  /** 400, as of a server that does not know `stream_options`. */
  | { readonly kind: "stream-options-refused" }
  /** No headers, ever. */
  | { readonly kind: "stall-headers" }
  /** Headers and the start of a JSON body, and no more. */
  | { readonly kind: "stall-body" }
  /** The connection is cut, before the headers or in the middle of a JSON body. */
  | { readonly kind: "disconnect"; readonly when: "before-headers" | "in-body" }
  /** A completion with so many spaces, as JSON or as the request asks, that keeps to itself what it cost. */
  | { readonly kind: "huge"; readonly bytes: number; readonly as?: "json" | "stream" };

export const DEFAULT_USAGE: FakeUsage = { prompt_tokens: 100, completion_tokens: 20 };

/** What a request asked for, and whom to tell when its usage has been sent. */
export interface ReplyTo {
  readonly api: FakeApi;
  readonly body: unknown;
  readonly told: () => void;
}

/** Returns what a reply costs: nothing where it is an error by its status. */
export function chargeOf(reply: FakeModelReply): FakeUsage | null {
  switch (reply.kind) {
    case "rate-limited":
    case "quota-exhausted":
    case "format-refused":
    case "stream-options-refused":
      return null;
    case "raw":
      return reply.status < 400 ? DEFAULT_USAGE : null;
    case "answer":
      return reply.usage ?? DEFAULT_USAGE;
    default:
      return DEFAULT_USAGE;
  }
}

/** Sends a reply, or leaves the response open where that is the reply. */
export async function sendReply(response: ServerResponse, reply: FakeModelReply, to: ReplyTo): Promise<void> {
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
    case "answer":
      await sendAnswer(response, reply, to);
      break;
    case "huge":
      await sendAnswer(
        response,
        { ...reply, kind: "answer", content: " ".repeat(reply.bytes), usage: null },
        to,
        65_536,
      );
      break;
    case "no-choices":
      sendWhole(response, json(200, { ...EMPTY, choices: [] }), to.told);
      break;
    default:
      sendWhole(response, wholeReply(reply));
  }
}

type Answer = FakeModelReply & { kind: "answer" };

async function sendAnswer(
  response: ServerResponse,
  reply: Answer,
  { api, body, told }: ReplyTo,
  pieceLength?: number,
): Promise<void> {
  const { content, finishReason = "stop", refusal = null, model = "fake-model-1", contentType } = reply;
  const asked = (body ?? {}) as { stream?: boolean; stream_options?: { include_usage?: boolean } | null };
  const as = reply.as ?? (asked.stream === true ? "stream" : "json");
  const usage = reply.usage === null ? null : (reply.usage ?? DEFAULT_USAGE);
  const said = { content, refusal, model, finishReason };
  if (as === "stream") {
    const tells = api !== "chat" || asked.stream_options?.include_usage === true;
    const stream = { ...(pieceLength === undefined ? {} : { pieceLength }), ...reply.stream };
    return await sendStream(response, { ...said, usage: tells ? usage : null }, { api, stream, told });
  }
  const form = api === "chat" ? completion({ ...said, usage }) : wholeForm(api, { ...said, usage });
  const whole = json(200, form);
  const typed = contentType === undefined ? whole : { ...whole, headers: { "content-type": contentType } };
  sendWhole(response, typed, usage === null ? undefined : told);
}

type RawReply = Omit<FakeModelReply & { kind: "raw" }, "kind">;

function wholeReply(
  reply: FakeModelReply & {
    kind: "raw" | "html" | "rate-limited" | "quota-exhausted" | "format-refused" | "stream-options-refused";
  },
): RawReply {
  switch (reply.kind) {
    case "raw":
      return reply;
    case "html":
      return { status: 200, body: PAGE, headers: { "content-type": "text/html" } };
    case "rate-limited": {
      const { retryAfterS, headers } = reply;
      const after = retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) };
      return { ...failure(429, "Rate limit reached"), headers: { ...after, ...headers } };
    }
    case "quota-exhausted":
      return failure(429, "You exceeded your current quota", "insufficient_quota");
    case "format-refused":
      return failure(400, "Unknown value for response_format");
    case "stream-options-refused":
      return failure(400, "Unrecognized request argument supplied: stream_options");
    default:
      return reply satisfies never;
  }
}

const EMPTY = completion({
  content: "",
  refusal: null,
  model: "fake-model-1",
  finishReason: "stop",
  usage: DEFAULT_USAGE,
});
const PAGE = "<!doctype html><html><body>Welcome to the gateway. {}</body></html>";

function completion(said: FakeCompletion): Record<string, unknown> {
  const { content, refusal, model, finishReason, usage } = said;
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

function failure(status: number, message: string, code: string | null = null): RawReply {
  return json(status, { error: { message, type: code ?? "invalid_request_error", code } });
}

function sendWhole(
  response: ServerResponse,
  { status, body, headers }: RawReply,
  sent: () => void = () => {},
): void {
  response.on("finish", sent);
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body);
}

function sendHalf(response: ServerResponse, sent: () => void = () => {}): void {
  const text = JSON.stringify(EMPTY);
  response.writeHead(200, { "content-type": "application/json", "content-length": String(text.length) });
  response.write(text.slice(0, text.length / 2), sent);
}
