import { SheafError } from "@sheaf/core";
import { CLIENT_STYLES, type ClientStyle } from "./call-path.ts";

/** A real model server. */
export interface UpstreamSettings {
  /**
   * As the clients of its style take it; a query (`?api-version=...`) goes with every request.
   *
   * @default "https://api.openai.com/v1" or "https://api.anthropic.com"
   */
  readonly baseUrl?: string;
  /** Null: it wants none. */
  readonly apiKey: string | null;
  /** Who is paid. @default "openai", "anthropic", or the host of another server */
  readonly provider?: string;
}

/** A real model server, ready to be asked. */
export interface Upstream {
  readonly style: ClientStyle;
  readonly provider: string;
  readonly url: URL;
  /** Headers with the key, in place of those of the client; null: the client has a key of its own. */
  readonly credentials: Readonly<Record<string, string>> | null;
  /** Where it is, without path and query, which may hold secrets. */
  readonly origin: string;
  readonly secret: string | null;
}

const DEFAULTS: Readonly<Record<ClientStyle, string>> = {
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com",
};

/** Returns a server that a client names itself. */
export function namedUpstream(style: ClientStyle, origin: string): Upstream {
  const url = new URL(origin);
  const known = CLIENT_STYLES.find((each) => url.host === new URL(DEFAULTS[each]).host);
  return { style, provider: known ?? url.host, url, credentials: null, origin, secret: null };
}

const AZURE = /\.(openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.(com|us|cn)$/;

/**
 * Returns the server that these settings name.
 *
 * @throws SheafError OPTION_INVALID when the base URL is none.
 */
export function upstreamOf(style: ClientStyle, settings: UpstreamSettings): Upstream {
  const { baseUrl = DEFAULTS[style], apiKey } = settings;
  const url = checkBaseUrl(`upstreams.${style}.baseUrl`, baseUrl);
  // Its clients put /v1 behind the base URL themselves.
  if (style === "anthropic") url.pathname = url.pathname.replace(/\/v1\/*$/, "");
  url.pathname = url.pathname.replace(/\/+$/, "");
  const isOwn = url.host === new URL(DEFAULTS[style]).host;
  return {
    style,
    provider: settings.provider ?? (isOwn ? style : url.host),
    url,
    credentials: apiKey === null ? {} : credentialsOf(style, url, apiKey),
    origin: url.origin,
    secret: apiKey,
  };
}

/**
 * Returns the base URL of a server.
 *
 * @param option where it was given
 * @throws SheafError OPTION_INVALID when it is none; what may be secret of it is not in the message.
 */
export function checkBaseUrl(option: string, baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") {
    return url;
  }
  const expected = "an http or https URL without a user and a password";
  const got = baseUrl.replace(/\?.*/s, "?…").replace(/^(\w+:\/\/)?.*@/s, "$1…@");
  throw new SheafError("OPTION_INVALID", { option, expected, got });
}

function credentialsOf(style: ClientStyle, { hostname }: URL, apiKey: string): Record<string, string> {
  if (style === "anthropic") return { "x-api-key": apiKey };
  // Azure takes a key in a header of its own, and a token where others take the key.
  return { authorization: `Bearer ${apiKey}`, ...(AZURE.test(hostname) ? { "api-key": apiKey } : {}) };
}

/** Returns the path at the server, with its query, for what a client asked for behind the base URL it was given. */
export function upstreamPath({ style, url, credentials }: Upstream, rest: string, query: string): string {
  if (credentials === null) return `${rest}${query}`;
  const behind = rest.replace(/^\/v1(?=\/|$)/, "");
  const path = `${url.pathname.replace(/\/$/, "")}${style === "anthropic" ? "/v1" : ""}${behind}`;
  const asked = new URLSearchParams(query);
  const added = new URLSearchParams([...url.searchParams].filter(([name]) => !asked.has(name))).toString();
  const parts = [query.slice(1), added].filter((part) => part !== "");
  return parts.length === 0 ? path : `${path}?${parts.join("&")}`;
}
