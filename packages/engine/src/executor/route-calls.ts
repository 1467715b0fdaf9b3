// Leads requests to models by the gateway of the attempt that makes them.
//
// Owns:     `globalThis.fetch`, as soon as this module is loaded: clients keep the one that they find when they are made.
// Does not: change a request of code that belongs to no attempt, or that asks no model.
import { AsyncLocalStorage } from "node:async_hooks";
import type { CallRoute } from "@sheaf/core";
import { TOKEN_HEADER } from "@sheaf/ledger";

/** Variables that tell a worker its route. */
const ROUTE_VARIABLES = { base: "SHEAF_GATEWAY_URL", token: "SHEAF_GATEWAY_TOKEN" } as const;

/** The variable that tells a worker how many connections there it may have. */
export const CONNECTIONS_VARIABLE = "SHEAF_GATEWAY_CONNECTIONS";

/** A path of the gateway, of whatever attempt; clients outlive the attempt that has made them. */
const GATEWAY_PATH = /^\/r\/[^/]+\/t\/[^/]+\/a\/\d+(\/(?:openai|anthropic|other\/[\w-]+)\/.*)$/;

/** Paths of interfaces whose answers tell what they used. */
const MODEL_PATH = /\/(completions|v1\/responses|openai\/responses|embeddings|v1\/messages)$/;

/** Where the calls of an attempt go; null: where they would go without us. */
type RouteFinder = () => CallRoute | Promise<CallRoute | null>;

interface AttemptWay {
  readonly route: RouteFinder;
  /** Is told of each request to a model that goes a way of its own. */
  readonly pastGateway: () => void;
}

const ways = new AsyncLocalStorage<AttemptWay>();

/** Runs the code of an attempt so that its requests to models are led by its route, which is asked for with the first. */
export function withCallRoute<T>(way: AttemptWay, run: () => T): T {
  return ways.run(way, run);
}

/** Returns the route that these variables tell, or null where they tell none. */
export function routeOf(env: Readonly<Record<string, string | undefined>>): CallRoute | null {
  const [base, token] = [env[ROUTE_VARIABLES.base], env[ROUTE_VARIABLES.token]];
  if (base === undefined || token === undefined) return null;
  return { base, token, connections: Number(env[CONNECTIONS_VARIABLE] ?? 1) };
}

const original = globalThis.fetch;

globalThis.fetch = async function fetch(input, init) {
  const way = ways.getStore();
  const asked = way === undefined ? null : modelCall(input, init);
  if (way === undefined || asked === null) return original(input, init);
  const { path, hasOwnWay } = asked;
  if (hasOwnWay) {
    way.pastGateway();
    return original(input, init);
  }
  const route = await way.route();
  if (route === null) return original(input, init);
  const { base, token, connections } = route;
  const request = input instanceof Request ? input : null;
  const headers = new Headers(init?.headers ?? request?.headers);
  headers.set(TOKEN_HEADER, token);
  const given = request === null ? {} : partsOf(request);
  return original(`${base}${path}`, { ...boundedConnections(connections), ...given, ...init, headers });
} satisfies typeof fetch;

/** Keeps connections, and lets requests wait where there are as many as there may be. */
type Dispatcher = NonNullable<RequestInit["dispatcher"]>;

/** Where Node keeps what it sends by; loaded by the first use of `Headers`. */
const GLOBAL_DISPATCHER = Symbol.for("undici.globalDispatcher.1");

let bounded: { readonly dispatcher: Dispatcher } | null = null;

// To a server of many tasks `fetch` opens a connection for each of their calls, until there are no descriptors left.
function boundedConnections(connections: number): { readonly dispatcher?: Dispatcher } {
  if (bounded !== null) return bounded;
  const { constructor: Agent } = (Reflect.get(globalThis, GLOBAL_DISPATCHER) ?? {}) as object;
  // Another one was put there by somebody who wants all requests to go his way.
  if (Agent?.name !== "Agent") return {};
  bounded = { dispatcher: Reflect.construct(Agent, [{ connections }]) };
  return bounded;
}

interface AskedModel {
  /** Below a route. */
  readonly path: string;
  /** Whoever names a dispatcher has a way of their own to the server, which the gateway does not know. */
  readonly hasOwnWay: boolean;
}

/** Returns where a request to a model is to go, or null where it is none. */
function modelCall(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): AskedModel | null {
  const text = input instanceof Request ? input.url : String(input);
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, origin, pathname, search } = new URL(text);
  const known = hostname === "127.0.0.1" ? GATEWAY_PATH.exec(pathname) : null;
  if (known !== null) return { path: `${known[1]}${search}`, hasOwnWay: false };
  const method = init?.method ?? (input instanceof Request ? input.method : "GET");
  if (method.toUpperCase() !== "POST" || !/^https?:$/.test(protocol) || !MODEL_PATH.test(pathname))
    return null;
  const path = `/other/${Buffer.from(origin).toString("base64url")}${pathname}${search}`;
  return { path, hasOwnWay: init?.dispatcher !== undefined };
}

function partsOf({ method, body, signal, redirect }: Request): RequestInit & { duplex?: "half" } {
  return { method, signal, redirect, ...(body === null ? {} : { body, duplex: "half" }) };
}
