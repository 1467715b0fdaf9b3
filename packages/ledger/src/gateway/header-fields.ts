import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** They are about one connection, and end there (RFC 9110, 7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade"],
  ...["proxy-authenticate", "proxy-authorization"],
]);

/** Headers in which clients send keys. */
const CREDENTIALS = ["authorization", "x-api-key", "api-key"] as const;

/** The token of an attempt whose client sends a key of its own. */
export const TOKEN_HEADER = "x-sheaf-token";

/** Headers that are made anew for the server. */
const MADE_ANEW: ReadonlySet<string> = new Set([
  TOKEN_HEADER,
  ...["host", "content-length", "accept-encoding", "expect"],
]);

const namedIn = (connection: string | undefined): ReadonlySet<string> =>
  new Set((connection ?? "").split(",").map((name) => name.trim().toLowerCase()));

/** Returns what a client sends as its key, in each header that may hold one. */
export function keysOf(headers: IncomingHttpHeaders): string[] {
  return [TOKEN_HEADER, ...CREDENTIALS].flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [value.replace(/^Bearer +/i, "").trim()] : [];
  });
}

/**
 * Returns the headers of a request for the server: the client's, but for what is about its connection and, where the
 * gateway has credentials of its own, for keys.
 */
export function requestHeaders(
  { headers }: IncomingMessage,
  own: Readonly<Record<string, string>> | null,
): Record<string, string | string[]> {
  const keys: ReadonlySet<string> = new Set(own === null ? [] : CREDENTIALS);
  const named = namedIn(headers.connection);
  const passed = Object.entries(headers).filter(
    ([name, value]) =>
      value !== undefined && ![HOP_BY_HOP, MADE_ANEW, named, keys].some((set) => set.has(name)),
  );
  // What is compressed would have to be read twice.
  return { ...Object.fromEntries(passed as [string, string][]), "accept-encoding": "identity", ...own };
}

/** Returns names and values, in turn, of an answer's headers for the client, without those in `without`. */
export function responseHeaders(
  { rawHeaders, headers }: IncomingMessage,
  without: ReadonlySet<string>,
): string[] {
  const named = namedIn(headers.connection);
  const passed: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (HOP_BY_HOP.has(name) || named.has(name) || without.has(name)) continue;
    passed.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  return passed;
}
