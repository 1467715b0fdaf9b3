// Hands one request on to a model server and its answer back, as it comes.
//
// Invariants
// 1. The client gets the bytes that the server sent, in order, but for what was added to them on our behalf.
// 2. No more is read from the server than the client takes, while there is a client.
// 3. Without a client the rest of the answer is still read, up to a limit, since its end says what it costs.
// 4. A client never sees an answer that was cut off as one that has ended.
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { CallState, Clock } from "@sheaf/core";
import type { UsageReader } from "../wire/usage-reader.ts";
import type { AnswerCopy } from "./answer-copy.ts";
import { responseHeaders } from "./header-fields.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { plainBody, sendUpstream, type UpstreamConnections, type UpstreamRequest } from "./send-upstream.ts";

/** How much is still read of an answer whose client is gone. */
export interface DrainLimits {
  /** @default DEFAULT_DRAIN.maxBytes */
  readonly maxBytes: number;
  /** @default DEFAULT_DRAIN.maxMs */
  readonly maxMs: number;
}

/** Some 16,000 tokens as events, and the time that a fast model takes for 4,000. */
export const DEFAULT_DRAIN: DrainLimits = { maxBytes: 4 * 2 ** 20, maxMs: 60_000 };

export interface RelayOptions {
  readonly request: UpstreamRequest;
  readonly response: ServerResponse;
  /** Null where nobody reads the answer. */
  readonly reader: UsageReader | null;
  /** Is given what the client gets; null where nobody keeps it. */
  readonly copy: AnswerCopy | null;
  readonly connections: UpstreamConnections;
  readonly drain: DrainLimits;
  readonly clock: Clock;
  /** From then on there is no more time than for an answer without a client. */
  readonly signal: AbortSignal;
  /** Whether the client may see this status; otherwise the answer is thrown away. */
  readonly accepts: (status: number) => boolean;
}

/** What became of a request. */
export interface Relayed {
  readonly state: CallState;
  readonly status: number | null;
  /** The server may have read the request, so that it may cost something. */
  readonly wasSent: boolean;
  readonly firstByteMs: number | null;
}

/** Error bodies are read whole, so that no key can be in them. */
const MOST_ERROR_BYTES = 2 ** 20;

const isGood = (status: number): boolean => status >= 200 && status < 300;

/** Hands a request on. Never rejects. */
export function relay(options: RelayOptions): Promise<Relayed> {
  const { request, connections, response } = options;
  let sent: ClientRequest;
  try {
    sent = sendUpstream(request, connections);
  } catch (error) {
    // A key with a character that no header takes, most likely.
    const problem = `cannot be asked (${(error as Error).message})`;
    refuse(response, request.upstream.style, notReached(request, problem));
    return Promise.resolve({ state: "unreachable", status: null, wasSent: false, firstByteMs: null });
  }
  return new Relay(options, sent).over;
}

const notReached = ({ upstream: { origin } }: UpstreamRequest, problem: string): Refusal => ({
  status: 502,
  code: "upstream_unreachable",
  message: `The model server at ${origin} ${problem}.`,
});

class Relay {
  readonly over: Promise<Relayed>;
  readonly #options: RelayOptions;
  readonly #request: ClientRequest;
  readonly #startedAt: number;
  #finish!: (relayed: Relayed) => void;
  #status: number | null = null;
  #firstByteMs: number | null = null;
  /** It has a connection, so that it is about to be sent. */
  #isOnItsWay = false;
  #isGone = false;
  /** The client went away when it had all that says what the answer cost. */
  #hadAll = false;
  #isOver = false;
  #drained = 0;
  #body: Readable | null = null;
  #stopTimer: () => void = () => {};
  readonly #leave = (): void => this.#clientLeft();
  readonly #limit = (): void => {
    if (this.#isOnItsWay) this.#limitTime();
    else this.#cancel();
  };

  constructor(options: RelayOptions, request: ClientRequest) {
    this.#options = options;
    const { clock, response, signal } = options;
    this.over = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#startedAt = clock.now();
    this.#request = request;
    this.#request.on("error", (error) => this.#failed(error));
    this.#request.on("socket", () => {
      this.#isOnItsWay = true;
    });
    this.#request.on("response", (answer) => this.#answered(answer));
    response.on("close", this.#leave);
    signal.addEventListener("abort", this.#limit);
    if (signal.aborted) this.#limit();
    if (response.destroyed) this.#clientLeft();
  }

  #settle(state: CallState): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { response, signal } = this.#options;
    this.#stopTimer();
    response.off("close", this.#leave);
    signal.removeEventListener("abort", this.#limit);
    const wasSent = this.#status !== null || this.#request.writableFinished;
    // An error costs nothing, whether its text came whole or not.
    const isError = this.#status !== null && !isGood(this.#status);
    const cameOut = wasSent ? state : "unreachable";
    this.#finish({
      state: isError ? "http-error" : cameOut,
      status: this.#status,
      wasSent,
      firstByteMs: this.#firstByteMs,
    });
  }

  #clientLeft(): void {
    if (this.#isGone || this.#isOver) return;
    this.#isGone = true;
    const { reader } = this.#options;
    if (reader === null || !this.#isOnItsWay) {
      this.#cancel();
      return;
    }
    this.#hadAll = reader.reading.isComplete;
    this.#limitTime();
    this.#body?.resume();
  }

  #limitTime(): void {
    const { clock, drain } = this.#options;
    this.#stopTimer();
    this.#stopTimer = clock.after(drain.maxMs, () => this.#cancel());
  }

  /** Gives up the rest of the answer. */
  #cancel(): void {
    this.#request.destroy();
    this.#options.response.destroy();
    this.#settle(this.#hadAll ? "ok" : "aborted");
  }

  #failed(error: Error): void {
    if (this.#isOver) return;
    if (this.#status !== null) {
      this.#brokeOff();
      return;
    }
    const { request, response } = this.#options;
    const wasSent = this.#request.writableFinished;
    const code = "code" in error ? String(error.code) : error.name;
    const lost = notReached(request, `broke the connection off before it answered (${code})`);
    const refusal = wasSent
      ? { ...lost, code: "upstream_broke_off" }
      : notReached(request, `cannot be reached (${code})`);
    refuse(response, request.upstream.style, refusal);
    this.#settle(wasSent ? "aborted" : "unreachable");
  }

  #answered(answer: IncomingMessage): void {
    const status = answer.statusCode ?? 502;
    this.#status = status;
    if (!this.#options.accepts(status)) {
      answer.resume();
      answer.on("error", () => {});
      this.#settle("http-error");
      return;
    }
    const { body, isDecoded } = plainBody(answer);
    this.#body = body;
    if (isGood(status)) this.#pump(answer, body, isDecoded);
    else this.#sendError(answer, body, isDecoded);
  }

  #pump(answer: IncomingMessage, body: Readable, isDecoded: boolean): void {
    const { response, reader, copy, clock, drain } = this.#options;
    const changes = isDecoded || reader?.removesUsage === true;
    const headers = responseHeaders(answer, new Set(changes ? ["content-length", "content-encoding"] : []));
    copy?.begin(this.#status!, headers);
    if (!this.#isGone) {
      response.writeHead(this.#status!, headers);
      response.flushHeaders();
      response.on("drain", () => body.resume());
    }
    body.on("data", (bytes: Buffer) => {
      if (this.#isOver) return;
      this.#firstByteMs ??= clock.now() - this.#startedAt;
      const passed = reader?.push(bytes) ?? bytes;
      copy?.add(passed);
      if (!this.#isGone) {
        if (passed.length > 0 && !response.write(passed)) body.pause();
        return;
      }
      this.#drained += bytes.length;
      if (this.#drained > drain.maxBytes) this.#cancel();
    });
    body.on("end", () => this.#ended());
    body.on("error", () => this.#brokeOff());
    body.on("close", () => this.#brokeOff());
  }

  #ended(): void {
    if (this.#isOver) return;
    const { response, reader, copy } = this.#options;
    const rest = reader?.end();
    if (rest !== undefined) copy?.add(rest);
    copy?.end();
    if (!this.#isGone) {
      response.end(rest);
      this.#hadAll = reader?.reading.isComplete ?? true;
    }
    this.#settle(this.#hadAll ? "ok" : "aborted");
  }

  #brokeOff(): void {
    if (this.#isOver) return;
    const { response, reader } = this.#options;
    const rest = reader?.end();
    if (!this.#isGone) {
      if (rest !== undefined && rest.length > 0) response.write(rest);
      // What was written before arrives; the end of the body never does.
      response.socket?.destroySoon();
    }
    this.#settle(this.#hadAll ? "ok" : "aborted");
  }

  #sendError(answer: IncomingMessage, body: Readable, isDecoded: boolean): void {
    const { response, request, clock } = this.#options;
    const parts: Buffer[] = [];
    let size = 0;
    body.on("data", (bytes: Buffer) => {
      this.#firstByteMs ??= clock.now() - this.#startedAt;
      if (size < MOST_ERROR_BYTES) parts.push(bytes.subarray(0, MOST_ERROR_BYTES - size));
      size += bytes.length;
    });
    const over = (): void => {
      if (this.#isOver) return;
      const { secret } = request.upstream;
      const hidden = (bytes: Buffer): Buffer =>
        secret !== null && secret !== "" && bytes.includes(secret)
          ? Buffer.from(
              bytes.toString("latin1").replaceAll(Buffer.from(secret).toString("latin1"), "[key]"),
              "latin1",
            )
          : bytes;
      const sent = hidden(Buffer.concat(parts));
      const without = new Set(["content-length", ...(isDecoded ? ["content-encoding"] : [])]);
      const headers = responseHeaders(answer, without).map((text) => hidden(Buffer.from(text)).toString());
      if (!this.#isGone && !response.destroyed) {
        response.writeHead(this.#status!, [...headers, "content-length", String(sent.length)]);
        response.end(sent);
      }
      this.#settle("http-error");
    };
    body.on("end", over);
    body.on("error", over);
    body.on("close", over);
  }
}
