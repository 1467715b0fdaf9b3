import type { ServerResponse } from "node:http";
import type { ClientStyle } from "./call-path.ts";

/** Why the gateway itself answers. */
export interface Refusal {
  readonly status: number;
  /** For programs; as the provider calls it where it has a name for it. */
  readonly code: string;
  readonly message: string;
}

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  404: "not_found_error",
  413: "request_too_large",
};

/** Answers with an error in the form that clients of this style read. */
export function refuse(
  response: ServerResponse,
  style: ClientStyle,
  { status, code, message }: Refusal,
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
            type: status < 500 ? "invalid_request_error" : "server_error",
            param: null,
            code,
          },
        },
  );
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
