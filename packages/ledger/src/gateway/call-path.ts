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
  /** Path behind all that, without the query: "/v1/chat/completions". */
  readonly rest: string;
  /** With its question mark; empty where there is none. */
  readonly query: string;
}

/** Returns the path below which an attempt reaches the servers of one style. */
export function callPath({ runId, taskId, attempt }: CallOwner, style: ClientStyle): string {
  return `/r/${encodeURIComponent(runId)}/t/${encodeURIComponent(taskId)}/a/${attempt}/${style}`;
}

const PATH = /^\/r\/([^/]+)\/t\/([^/]+)\/a\/(\d+)\/(openai|anthropic)(\/[^?]*)?(\?.*)?$/;
/** A server may take such a path for another one, above its base URL. */
const DOT_SEGMENT = /\/(\.|%2e){1,2}(\/|$)/i;

/** Reads the target of a request, or returns null where it leads nowhere. */
export function readCallPath(target: string): CallPath | null {
  const [, run, task, attempt, style, rest = "/", query = ""] = PATH.exec(target) ?? [];
  if (run === undefined || task === undefined || DOT_SEGMENT.test(rest)) return null;
  try {
    return {
      runId: decodeURIComponent(run),
      taskId: decodeURIComponent(task),
      attempt: Number(attempt),
      style: style as ClientStyle,
      rest,
      query,
    };
  } catch {
    return null;
  }
}
