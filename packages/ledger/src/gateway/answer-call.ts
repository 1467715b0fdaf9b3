import type { IncomingMessage, ServerResponse } from "node:http";
import { answerModelCall, type CallSurroundings, type IncomingCall } from "./answer-model-call.ts";
import type { CallPath } from "./call-path.ts";
import { requestHeaders } from "./header-fields.ts";
import { refuse } from "./refusal.ts";
import { relay } from "./relay.ts";
import type { UpstreamRequest } from "./send-upstream.ts";
import { upstreamPath } from "./upstream.ts";

/** Requests are kept whole until they are sent. Providers take less than this. */
const MOST_REQUEST_BYTES = 256 * 2 ** 20;

/** What is asked of a server by POST and costs nothing. */
const FREE = /\/(count_tokens|input_tokens|tokenize|cancel|files|uploads(\/.*)?)$/;

/** Answers one request by handing it on, and tells what it used. */
export async function answerCall(call: IncomingCall, surroundings: CallSurroundings): Promise<void> {
  const { request, response, path, upstream } = call;
  const body = await bodyOf(request, response, path);
  if (body === null || response.destroyed) return;
  const sent: UpstreamRequest = {
    upstream,
    method: request.method ?? "GET",
    path: upstreamPath(upstream, path.rest, path.query),
    headers: requestHeaders(request, upstream.credentials),
    body,
  };
  if (sent.method !== "POST" || FREE.test(path.rest)) {
    await relay({ ...surroundings, request: sent, response, reader: null, copy: null, accepts: () => true });
  } else await answerModelCall(call, sent, surroundings);
}

/** Returns the body of a request, or null where the client has broken it off or it is too large. */
async function bodyOf(
  request: IncomingMessage,
  response: ServerResponse,
  { style }: CallPath,
): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request.iterator({ destroyOnReturn: false })) {
      const bytes = part as Buffer;
      size += bytes.length;
      if (size > MOST_REQUEST_BYTES) break;
      parts.push(bytes);
    }
  } catch {
    return null;
  }
  if (size <= MOST_REQUEST_BYTES) return Buffer.concat(parts);
  const message = `The request is larger than ${MOST_REQUEST_BYTES} bytes.`;
  refuse(response, style, { status: 413, code: "request_too_large", message });
  return null;
}
