// Stands between the clients of attempts and the model servers, on the loopback interface.
//
// Invariants
// 1. A request is handed on for an admitted attempt alone, below that attempt's path and with its token.
// 2. Keys of servers are in requests to these servers, and nowhere else.
// 3. Each request to a model has one event when it starts, before it is sent, and one when it is over.
import { setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Clock } from "@sheaf/core";
import { Admissions } from "./admissions.ts";
import { answerCall } from "./answer-call.ts";
import type { CallSurroundings, IncomingCall } from "./answer-model-call.ts";
import type { CallEvent, CallOwner, CallStarted } from "./call-event.ts";
import {
  attemptPath,
  type CallPath,
  CLIENT_STYLES,
  type ClientStyle,
  callPath,
  readCallPath,
} from "./call-path.ts";
import { descriptorLimit, shareDescriptors } from "./descriptor-shares.ts";
import { keysOf } from "./header-fields.ts";
import { Recordings } from "./recordings.ts";
import { KEY_INVALID, NO_SERVER, type Refusal, refuse, roomUnknown, tooManyCalls } from "./refusal.ts";
import { DEFAULT_DRAIN, type DrainLimits } from "./relay.ts";
import { openConnections, type UpstreamConnections } from "./send-upstream.ts";
import { namedUpstream, type Upstream, type UpstreamSettings, upstreamOf } from "./upstream.ts";

export interface GatewayOptions {
  /** The real servers; clients of a style that is not named are refused. */
  readonly upstreams: Readonly<Partial<Record<ClientStyle, UpstreamSettings>>>;
  /** Is told what becomes of every call. What it throws is counted, and harms nobody. */
  readonly onEvent: (event: CallEvent) => void;
  /**
   * Is asked before each call that no recording answers, and before its `call.started`. A call that it refuses is
   * answered with that, and no event tells of it. What it throws is counted, and refuses the call.
   *
   * @default () => null
   */
  readonly refusal?: (call: CallStarted) => Refusal | null;
  readonly clock: Clock;
  /**
   * Folder for whole answers, which attempts that are admitted with `replays` get again; nothing is kept where it is
   * null.
   *
   * @default null
   */
  readonly recordings?: string | null;
  /** How much is still read of an answer whose client is gone, so that its usage is known. @default DEFAULT_DRAIN */
  readonly drain?: Partial<DrainLimits>;
  /** File descriptors that this process may have, of which connections get a share. @default descriptorLimit() */
  readonly descriptors?: number;
}

/** How an attempt is admitted. */
export interface AdmitOptions {
  /** Which of several ways to do the task it tries; each has answers of its own. @default "" */
  readonly variant?: string;
  /**
   * Whether it gets the answers of the attempts before it, see `replaysAnswers`; else these are removed. Those must
   * be dismissed, and that be over.
   *
   * @default false
   */
  readonly replays?: boolean;
}

/** Hands requests of attempts on to model servers, counts what they use and keeps the keys. */
export interface Gateway {
  /** "http://127.0.0.1:4711" */
  readonly origin: string;
  /**
   * Lets an attempt call, and returns the variables by which its clients do: base URLs and a token for its own calls.
   *
   * @throws SheafError RUN_ID_INVALID, TASK_ID_INVALID, OPTION_INVALID when its ids are none
   */
  admit(owner: CallOwner, options?: AdmitOptions): Readonly<Record<string, string>>;
  /** Makes the token of an attempt worthless. Resolves when none of its calls is open, so that its books are closed. */
  dismiss(owner: CallOwner): Promise<void>;
  /** Events that `onEvent` has thrown at, answers that could not be recorded, and calls that nobody could answer. */
  readonly faults: number;
  /** What the first of these was about; null where there was none. */
  readonly firstFault: string | null;
  /** Takes no more calls, gives those that are open the time of `drain.maxMs`, and ends. */
  close(): Promise<void>;
}

/** Connections that wait to be taken; a system that lets fewer wait has its own way. */
const MOST_WAITING = 65_535;

// Clients keep connections open between their calls, and are told for how long they may.
const IDLE_CLIENT_MS = 65_000;

/**
 * Opens a gateway on a free port of the loopback interface.
 *
 * @throws SheafError OPTION_INVALID when a base URL is none
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = new LoopbackGateway(options);
  await gateway.listen();
  return gateway;
}

class LoopbackGateway implements Gateway {
  readonly #options: GatewayOptions;
  readonly #upstreams: ReadonlyMap<ClientStyle, Upstream>;
  /** Servers that clients have named themselves. */
  readonly #named = new Map<string, Upstream>();
  readonly #admissions = new Admissions();
  readonly #connections: UpstreamConnections;
  readonly #closing = new AbortController();
  readonly #open = new Set<Promise<void>>();
  readonly #server: Server;
  /** Connections to clients beyond those for which there are descriptors. */
  readonly #surplus = new WeakSet<Socket>();
  #taken = 0;
  readonly #mostTaken: number;
  readonly #surroundings: CallSurroundings;
  origin = "";
  #closed: Promise<void> | null = null;
  faults = 0;
  firstFault: string | null = null;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const shares = shareDescriptors(options.descriptors ?? descriptorLimit());
    this.#connections = openConnections(shares.upstream);
    this.#mostTaken = shares.taken;
    this.#upstreams = new Map(
      CLIENT_STYLES.flatMap((style) => {
        const settings = options.upstreams[style];
        return settings === undefined ? [] : [[style, upstreamOf(style, settings)]];
      }),
    );
    this.#surroundings = {
      clock: options.clock,
      connections: this.#connections,
      drain: { ...DEFAULT_DRAIN, ...options.drain },
      signal: this.#closing.signal,
      tell: (event) => this.#tell(event),
      refusal: (call) => this.#refusal(call),
      refusing: new Set(),
      fault: (error) => this.#fault(error),
    };
    // Every open call listens to it.
    setMaxListeners(0, this.#closing.signal);
    this.#server = createServer({ keepAliveTimeout: IDLE_CLIENT_MS }, (request, response) => {
      this.#take(request, response);
    });
    this.#server.on("connection", (socket: Socket) => this.#count(socket));
    // Beyond that there is not even a descriptor to say so.
    this.#server.maxConnections = shares.taken + shares.clients;
    // A request may wait for the client's own work as long as that likes.
    this.#server.requestTimeout = 0;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      // All may come in one moment.
      const backlog = Math.min(this.#mostTaken, MOST_WAITING);
      this.#server.listen({ port: 0, host: "127.0.0.1", backlog }, resolve);
    });
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  admit(owner: CallOwner, options: AdmitOptions = {}): Readonly<Record<string, string>> {
    const { token, owner: checked } = this.#admissions.admit(owner, (of) => this.#recordingsOf(of, options));
    const variables: Record<string, string> = {
      SHEAF_GATEWAY_URL: `${this.origin}${attemptPath(checked)}`,
      SHEAF_GATEWAY_TOKEN: token,
    };
    if (this.#upstreams.has("openai")) {
      variables.OPENAI_BASE_URL = `${this.origin}${callPath(checked, "openai")}/v1`;
      variables.OPENAI_API_KEY = token;
    }
    if (this.#upstreams.has("anthropic")) {
      variables.ANTHROPIC_BASE_URL = `${this.origin}${callPath(checked, "anthropic")}`;
      variables.ANTHROPIC_API_KEY = token;
    }
    return variables;
  }

  #recordingsOf(owner: CallOwner, { variant = "", replays = false }: AdmitOptions): Recordings | null {
    const { recordings: folder = null } = this.#options;
    if (folder === null) return null;
    const recordings = new Recordings(folder, owner, variant);
    try {
      if (!replays) recordings.clear();
      return recordings;
    } catch (error) {
      this.#fault(error);
      return null;
    }
  }

  async dismiss(owner: CallOwner): Promise<void> {
    await this.#admissions.dismiss(owner)?.quiet();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#admissions.dismissAll();
    this.#closing.abort();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const { clock, drain } = this.#surroundings;
    // Requests that have not come whole by then never will.
    const stopTimer = clock.after(drain.maxMs, () => this.#server.closeAllConnections());
    while (this.#open.size > 0) await Promise.allSettled(this.#open);
    stopTimer();
    this.#server.closeAllConnections();
    this.#connections.http.destroy();
    this.#connections.https.destroy();
    await closed;
  }

  #tell(event: CallEvent): void {
    try {
      this.#options.onEvent(event);
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    this.faults++;
    this.firstFault ??= error instanceof Error ? error.message : String(error);
  }

  // Whoever cannot say whether there is room for a call must not let it be made.
  #refusal(call: CallStarted): Refusal | null {
    try {
      return this.#options.refusal?.(call) ?? null;
    } catch (error) {
      this.#fault(error);
      return roomUnknown(error);
    }
  }

  #count(socket: Socket): void {
    this.#taken++;
    socket.once("close", () => this.#taken--);
    if (this.#taken > this.#mostTaken) this.#surplus.add(socket);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    response.on("error", () => {});
    const path = readCallPath(request.url ?? "");
    const style = path?.style ?? "openai";
    if (this.#surplus.has(request.socket)) {
      response.setHeader("connection", "close");
      refuse(response, style, tooManyCalls(this.#mostTaken));
      return;
    }
    const admission = path === null ? null : this.#admissions.find(path, keysOf(request.headers));
    const upstream = path === null ? undefined : this.#upstreamOf(path);
    if (path === null || upstream === undefined) {
      refuse(response, style, NO_SERVER);
    } else if (admission === null) {
      refuse(response, style, KEY_INVALID);
    } else {
      const call = { request, response, path, upstream, admission };
      this.#follow(call, answerCall(call, this.#surroundings));
    }
  }

  #upstreamOf({ style, origin }: CallPath): Upstream | undefined {
    if (origin === null) return this.#upstreams.get(style);
    const key = `${style} ${origin}`;
    const known = this.#named.get(key) ?? namedUpstream(style, origin);
    this.#named.set(key, known);
    return known;
  }

  #follow({ admission, response }: IncomingCall, call: Promise<void>): void {
    const settled = call.catch((error: unknown) => {
      this.#fault(error);
      // Else its client would wait for good.
      response.destroy();
    });
    admission.follow(settled);
    this.#open.add(settled);
    void settled.finally(() => this.#open.delete(settled));
  }
}
