import type { Clock } from "@sheaf/core";
import { APIConnectionError, APIError } from "openai";
import { AnswerBroken } from "./body-parts.ts";
import { ServerSilent } from "./within-silence.ts";

/** How often a request is made, the first included, where the server or the connection fails. */
export const MOST_TRIES = 3;

const FIRST_PAUSE_MS = 500;

/** Thrown where a server asks for a longer pause than there is time left; `cause` is what it answered. */
export class PauseTooLong extends Error {
  constructor(pauseMs: number, leftMs: number, cause: unknown) {
    const [pause, left] = [pauseMs, leftMs].map((ms) => Math.ceil(ms / 1000));
    super(`it asks for a pause of ${pause} s, and ${left} s are left`, { cause });
  }
}

/** Returns what the server answered with: the status, or what stands for it in an error after the headers. */
export function statusOf({ status, error }: APIError): number | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return status ?? (typeof code === "number" ? code : undefined);
}

/** Tells whether a request that failed so may do when it is made again. */
function mayPass(error: unknown): boolean {
  if (error instanceof AnswerBroken || error instanceof ServerSilent) return true;
  if (error instanceof APIConnectionError) return true;
  if (!(error instanceof APIError)) return false;
  if (error.code === "insufficient_quota" || error.type === "insufficient_quota") return false;
  const status = statusOf(error);
  // An error after the headers that names no status is most often an overloaded server.
  if (status === undefined) return true;
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/** What is known when a request has failed. */
export interface FailedTry {
  readonly error: unknown;
  /** How often it has been made. */
  readonly tries: number;
  /** Time by the clock, in ms since 1970. */
  readonly now: number;
  /** When the time is up, in ms since 1970. */
  readonly endsAt: number;
  /** A number from 0 up to 1, for jitter. */
  readonly random: number;
}

/**
 * Returns how long to wait before the request is made again, in ms: as long as the server asks, else twice as long each
 * time, with jitter. Null where it is not to be made again.
 *
 * @throws PauseTooLong when the server asks for more than the time that is left
 */
export function pauseBefore({ error, tries, now, endsAt, random }: FailedTry): number | null {
  if (tries >= MOST_TRIES || !mayPass(error)) return null;
  const leftMs = endsAt - now;
  const asked = error instanceof APIError ? askedPause(error.headers, now) : null;
  if (asked !== null && asked >= leftMs) throw new PauseTooLong(asked, leftMs, error);
  const pauseMs = asked ?? FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + random / 2);
  return pauseMs < leftMs ? pauseMs : null;
}

/** Reads `retry-after-ms`, or `retry-after` in seconds or as a date. */
function askedPause(headers: Headers | undefined, now: number): number | null {
  const ms = number(headers?.get("retry-after-ms"));
  if (ms !== null) return ms;
  const after = headers?.get("retry-after");
  const seconds = number(after);
  if (seconds !== null) return seconds * 1000;
  // Other texts would be read as dates, too: "-1" is one in 2001.
  const date = after?.trim().endsWith("GMT") ? Date.parse(after) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function number(text: string | null | undefined): number | null {
  return /^\s*\d+(\.\d+)?\s*$/.test(text ?? "") ? Number(text) : null;
}

/**
 * Waits.
 *
 * @throws the reason of `signal`, as soon as it is aborted
 */
export async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      disarm();
      reject(signal.reason);
    };
    const disarm = clock.after(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
