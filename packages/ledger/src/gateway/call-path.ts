import type { CallOwner } from "./call-event.ts";

/** How a client speaks: it decides the form of keys, paths and errors. */
export const CLIENT_STYLES = ["openai", "anthropic"] as const;
export type ClientStyle = (typeof CLIENT_STYLES)[number];

/** Where a request wants to go. */
export interface CallPath {
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly style: ClientStyle;
  /** Origin of a server that the client names itself; null for the one of its style. */
  readonly origin: string | null;
  /** Path behind all that, without the query: "/v1/chat/completions". */
  readonly rest: string;
  /** With its question mark; empty where there is none. */
  readonly query: string;
}

/** Returns the path below which an attempt reaches all servers: `/openai`, `/anthropic`, `/other/<origin in base64url>`. */
export const attemptPath = ({ runId, taskId, attempt }: CallOwner): string =>
  `/r/${encodeURIComponent(runId)}/t/${encodeURIComponent(taskId)}/a/${attempt}`;

/** Returns the path below which an attempt reaches the servers of one style. */
export const callPath = (owner: CallOwner, style: ClientStyle): string => `${attemptPath(owner)}/${style}`;

const PATH = /^\/r\/([^/]+)\/t\/([^/]+)\/a\/(\d+)\/(openai|anthropic|other\/[\w-]+)(\/[^?]*)?(\?.*)?$/;
/** A server may take such a path for another one, above its base URL. */
const DOT_SEGMENT = /\/(\.|%2e){1,2}(\/|$)/i;

/** Reads the target of a request, or returns null where it leads nowhere. */
export function readCallPath(target: string): CallPath | null {
  const [, run, task, attempt, server = "", rest = "/", query = ""] = PATH.exec(target) ?? [];
  if (run === undefined || task === undefined || DOT_SEGMENT.test(rest)) return null;
  const [style, named] = server.split("/");
  const origin = named === undefined ? null : originOf(named);
  if (origin === undefined) return null;
  try {
    return {
      runId: decodeURIComponent(run),
      taskId: decodeURIComponent(task),
      attempt: Number(attempt),
      style: origin === null ? (style as ClientStyle) : styleOf(rest),
      origin,
      rest,
      query,
    };
  } catch {
    return null;
  }
}

const styleOf = (rest: string): ClientStyle => (/\/messages(\/|$)/.test(rest) ? "anthropic" : "openai");

function originOf(named: string): string | undefined {
  const text = Buffer.from(named, "base64url").toString();
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text ? text : undefined;
}
