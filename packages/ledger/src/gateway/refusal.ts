import type { ServerResponse } from "node:http";
import type { ClientStyle } from "./call-path.ts";

/** Why the gateway itself answers. */
export interface Refusal {
  readonly status: number;
  /** For programs; as the provider calls it where it has a name for it. */
  readonly code: string;
  readonly message: string;
  /** When the client may try again, in s; null: not by itself. @default null */
  readonly retryAfter?: number | null;
}

export const NO_SERVER: Refusal = {
  status: 404,
  code: "not_found",
  message: "No model server is known here.",
};

export const KEY_INVALID: Refusal = {
  status: 401,
  code: "invalid_api_key",
  message:
    "This key is not, or no longer, good for calls of this attempt. An attempt may call models until it is over, with the key and the base URL that it was given.",
};

/** When a client that is refused for want of descriptors may come again, in s. */
const COME_AGAIN_S = 1;

/** There are no descriptors for more than so many calls. */
export const tooManyCalls = (most: number): Refusal => ({
  status: 503,
  code: "too_many_connections",
  message: `${most} calls are on their way, for more the engine has no file descriptors. Ask again later, or raise the limit (ulimit -n).`,
  retryAfter: COME_AGAIN_S,
});

/** Nobody can say whether a call may be made. */
export const roomUnknown = (error: unknown): Refusal => ({
  status: 402,
  code: "budget_unknown",
  message: `Whether there is room for this call in the budgets cannot be said: ${error instanceof Error ? error.message : String(error)}`,
});

const OPENAI_TYPES: Readonly<Record<number, string>> = { 402: "insufficient_quota", 429: "rate_limit_error" };

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
};

/** Answers with an error in the form that clients of this style read. */
export function refuse(
  response: ServerResponse,
  style: ClientStyle,
  { status, code, message, retryAfter = null }: Refusal,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const type = ANTHROPIC_TYPES[status] ?? "api_error";
  const body = JSON.stringify(
    style === "anthropic"
      ? { type: "error", error: { type, message } }
      : {
          error: {
            message,
            type: OPENAI_TYPES[status] ?? (status < 500 ? "invalid_request_error" : "server_error"),
            param: null,
            code,
          },
        },
  );
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    // Clients that follow it leave their own rules for the status aside.
    ...(status === 402 ? { "x-should-retry": "false" } : {}),
    ...(retryAfter === null ? {} : { "retry-after": String(retryAfter), "x-should-retry": "true" }),
  });
  response.end(body);
}
