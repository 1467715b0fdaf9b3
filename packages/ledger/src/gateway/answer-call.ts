import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@sheaf/core";
import { AnswerReader } from "../wire/answer-reader.ts";
import { fieldsOf, type JsonFields } from "../wire/json-fields.ts";
import { type ModelApi, modelApiOf } from "../wire/model-api.ts";
import { readRequest, withUsageAsked } from "../wire/read-request.ts";
import type { Admission } from "./admissions.ts";
import type { CallEvent } from "./call-event.ts";
import type { CallPath } from "./call-path.ts";
import { requestHeaders } from "./header-fields.ts";
import { refuse } from "./refusal.ts";
import { type DrainLimits, type Relayed, relay } from "./relay.ts";
import type { UpstreamConnections, UpstreamRequest } from "./send-upstream.ts";
import { settleUsage } from "./settle-usage.ts";
import { type Upstream, upstreamPath } from "./upstream.ts";

/** One request of a client. */
export interface IncomingCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: CallPath;
  readonly upstream: Upstream;
  readonly admission: Admission;
}

/** What all calls of a gateway share. */
export interface CallSurroundings {
  readonly clock: Clock;
  readonly connections: UpstreamConnections;
  readonly drain: DrainLimits;
  readonly signal: AbortSignal;
  readonly tell: (event: CallEvent) => void;
  /** Servers that do not know the option by which a stream is asked for its usage. */
  readonly refusing: Set<Upstream>;
}

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
    await relay({ ...surroundings, request: sent, response, reader: null, accepts: () => true });
  } else await answerModelCall(call, sent, surroundings);
}

async function answerModelCall(
  { request, response, path, upstream, admission }: IncomingCall,
  sent: UpstreamRequest,
  surroundings: CallSurroundings,
): Promise<void> {
  const { clock, tell } = surroundings;
  const api = modelApiOf(path.rest);
  const fields = parsed(sent.body);
  const { model, ...estimate } =
    api === null ? { model: null, maxOutputTokens: null, estimatedInputTokens: 0 } : readRequest(api, fields);
  const { provider } = upstream;
  const facts = {
    owner: admission.owner,
    call: admission.nextCall(),
    provider,
    api,
    model,
    httpRetry: retryOf(request),
  };
  const startedAt = clock.now();
  tell({ type: "call.started", at: startedAt, ...facts, ...estimate });
  const asked = { provider, model };
  const { relayed, reader } = await relayAsking({ sent, api, fields, asked, response }, surroundings);
  const { state, status, wasSent, firstByteMs } = relayed;
  const used =
    reader === null || state === "http-error" || state === "unreachable" || !wasSent
      ? ({ usage: null, source: "none" } as const)
      : settleUsage({ reading: reader.reading, ...asked, ...estimate });
  const at = clock.now();
  tell({
    type: "call.finished",
    at,
    ...facts,
    state,
    ...used,
    status,
    firstByteMs,
    durationMs: at - startedAt,
  });
}

interface Asking {
  readonly sent: UpstreamRequest;
  readonly api: ModelApi | null;
  readonly fields: JsonFields;
  readonly asked: { readonly provider: string; readonly model: string | null };
  readonly response: ServerResponse;
}

/** Asks for the usage of a stream where the client has not; a server that refuses that is asked as the client did. */
async function relayAsking(
  { sent, api, fields, asked, response }: Asking,
  { refusing, ...surroundings }: CallSurroundings,
): Promise<{ readonly relayed: Relayed; readonly reader: AnswerReader | null }> {
  const { upstream } = sent;
  const readerFor = (removesUsage: boolean): AnswerReader | null =>
    api === null ? null : new AnswerReader({ api, asked, removesUsage });
  const more = api === null || refusing.has(upstream) ? null : withUsageAsked(api, sent.body, fields);
  if (more !== null) {
    const reader = readerFor(true);
    const accepts = (status: number): boolean => status !== 400 && status !== 422;
    const request = { ...sent, body: more };
    const relayed = await relay({ ...surroundings, request, response, reader, accepts });
    if (relayed.status === null || accepts(relayed.status) || response.destroyed) return { relayed, reader };
  }
  const reader = readerFor(false);
  const relayed = await relay({ ...surroundings, request: sent, response, reader, accepts: () => true });
  if (more !== null && relayed.state === "ok") refusing.add(upstream);
  return { relayed, reader };
}

function retryOf({ headers }: IncomingMessage): number | null {
  const value = headers["x-stainless-retry-count"];
  return typeof value === "string" && /^\d{1,4}$/.test(value) ? Number(value) : null;
}

function parsed(body: Buffer): JsonFields {
  try {
    return fieldsOf(JSON.parse(body.toString()));
  } catch {
    return {};
  }
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
