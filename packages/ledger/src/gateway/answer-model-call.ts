import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock, ModelApi, UsageRecord } from "@sheaf/core";
import { fieldsOf, type JsonFields } from "../wire/json-fields.ts";
import { modelApiOf } from "../wire/model-api.ts";
import { NOTHING_ASKED, readRequest, withUsageAsked } from "../wire/read-request.ts";
import { UsageReader } from "../wire/usage-reader.ts";
import type { Admission } from "./admissions.ts";
import { AnswerCopy } from "./answer-copy.ts";
import type { CallEvent, CallFinished, CallStarted } from "./call-event.ts";
import { callHash } from "./call-hash.ts";
import type { CallPath } from "./call-path.ts";
import type { RecordingKey, Recordings } from "./recordings.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { type DrainLimits, type Relayed, relay } from "./relay.ts";
import type { UpstreamConnections, UpstreamRequest } from "./send-upstream.ts";
import { settleUsage } from "./settle-usage.ts";
import type { Upstream } from "./upstream.ts";

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
  /** Says why a call may not be made, or null. */
  readonly refusal: (call: CallStarted) => Refusal | null;
  /** Counts a recording that could not be kept. */
  readonly fault: (error: unknown) => void;
  /** Servers that do not know the option by which a stream is asked for its usage. */
  readonly refusing: Set<Upstream>;
}

type Facts = Pick<CallFinished, "owner" | "call" | "request" | "provider" | "api" | "model" | "httpRetry">;

/** Answers a request to a model: by what is recorded, or by asking the server, and tells what that used. */
export async function answerModelCall(
  call: IncomingCall,
  sent: UpstreamRequest,
  surroundings: CallSurroundings,
): Promise<void> {
  const { request, response, path, upstream, admission } = call;
  const { clock, tell, fault } = surroundings;
  const api = modelApiOf(path.rest);
  const fields = parsed(sent.body);
  const { model, ...estimate } = api === null ? NOTHING_ASKED : readRequest(api, fields);
  const { provider } = upstream;
  const hash = callHash(sent.method, path, sent.body);
  const facts: Facts = {
    owner: admission.owner,
    call: admission.nextCall(),
    request: hash.slice(0, 16),
    provider,
    api,
    model,
    httpRetry: retryOf(request),
  };
  const recording = api === null ? null : recordingOf(call, hash);
  if (recording !== null && (await replay(recording, { response, facts, surroundings }))) return;
  // Its client went away meanwhile: a call that no server gets is none.
  if (response.destroyed) {
    if (recording !== null) admission.occurrences.giveBack(recording.key);
    return;
  }
  const startedAt = clock.now();
  const started: CallStarted = { type: "call.started", at: startedAt, ...facts, ...estimate };
  const refusal = surroundings.refusal(started);
  if (refusal !== null) {
    if (recording !== null) admission.occurrences.giveBack(recording.key);
    refuse(response, path.style, refusal);
    return;
  }
  tell(started);
  const asked = { provider, model };
  const copyFor = (): AnswerCopy | null => (recording === null ? null : new AnswerCopy());
  const { relayed, reader, copy } = await relayAsking(
    { sent, api, fields, asked, response, copyFor },
    surroundings,
  );
  const { state, status, wasSent, firstByteMs } = relayed;
  const used =
    reader === null || state === "http-error" || state === "unreachable" || !wasSent
      ? ({ usage: null, source: "none" } as const)
      : settleUsage({ reading: reader.reading, ...asked, ...estimate });
  const at = clock.now();
  const ended = { avoided: null, status, firstByteMs, durationMs: at - startedAt };
  tell({ type: "call.finished", at, ...facts, state, ...used, ...ended });
  if (recording === null) return;
  const whole = reader?.reading.isComplete === true ? (copy?.whole ?? null) : null;
  if (whole === null) admission.occurrences.giveBack(recording.key);
  else await recording.recordings.keep(recording.key, { ...whole, usage: used.usage }).catch(fault);
}

interface KeptCall {
  readonly recordings: Recordings;
  readonly key: RecordingKey;
}

function recordingOf({ admission }: IncomingCall, hash: string): KeptCall | null {
  const { recordings, occurrences } = admission;
  if (recordings === null) return null;
  return { recordings, key: { hash, occurrence: occurrences.take(hash) } };
}

interface Replaying {
  readonly response: ServerResponse;
  readonly facts: Facts;
  readonly surroundings: CallSurroundings;
}

/** Answers by what is recorded; false where there is nothing. */
async function replay(
  { recordings, key }: KeptCall,
  { response, facts, surroundings: { clock, tell } }: Replaying,
): Promise<boolean> {
  const startedAt = clock.now();
  const found = await recordings.find(key);
  if (found === null) return false;
  const { status, headers, body } = found;
  const avoided: UsageRecord | null = found.usage;
  if (!response.destroyed) {
    response.writeHead(status, [...headers]);
    response.end(body);
  }
  const at = clock.now();
  const durationMs = at - startedAt;
  const nothing = { usage: null, source: "none" } as const;
  const ended = { avoided, status, firstByteMs: durationMs, durationMs };
  tell({ type: "call.finished", at, ...facts, state: "replayed", ...nothing, ...ended });
  return true;
}

interface Asked {
  readonly relayed: Relayed;
  readonly reader: UsageReader | null;
  readonly copy: AnswerCopy | null;
}

interface Asking {
  readonly sent: UpstreamRequest;
  readonly api: ModelApi | null;
  readonly fields: JsonFields;
  readonly asked: { readonly provider: string; readonly model: string | null };
  readonly response: ServerResponse;
  /** Makes a copy of what the client gets, where it is to be kept. */
  readonly copyFor: () => AnswerCopy | null;
}

/** Asks for the usage of a stream where the client has not; a server that refuses that is asked as the client did. */
async function relayAsking(
  { sent, api, fields, asked, response, copyFor }: Asking,
  { refusing, ...surroundings }: CallSurroundings,
): Promise<Asked> {
  const { upstream } = sent;
  const readerFor = (removesUsage: boolean): UsageReader | null =>
    api === null ? null : new UsageReader({ api, asked, removesUsage });
  const more = api === null || refusing.has(upstream) ? null : withUsageAsked(api, sent.body, fields);
  if (more !== null) {
    const [reader, copy] = [readerFor(true), copyFor()];
    const accepts = (status: number): boolean => status !== 400 && status !== 422;
    const request = { ...sent, body: more };
    const relayed = await relay({ ...surroundings, request, response, reader, copy, accepts });
    if (relayed.status === null || accepts(relayed.status) || response.destroyed)
      return { relayed, reader, copy };
  }
  const [reader, copy] = [readerFor(false), copyFor()];
  const relayed = await relay({
    ...surroundings,
    request: sent,
    response,
    reader,
    copy,
    accepts: () => true,
  });
  if (more !== null && relayed.state === "ok") refusing.add(upstream);
  return { relayed, reader, copy };
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
