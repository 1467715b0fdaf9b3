import { SheafError } from "@sheaf/core";

const DEFAULT_TIMEOUT_MS = 10_000;
const MOST_ANSWER = 300;

/** A server that takes OTLP over HTTP. */
export interface OtlpServer {
  /** Absolute URL to which `/v1/traces` and `/v1/metrics` are added. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Longest time for one message. */
  readonly timeoutMs: number;
}

export interface OtlpMessages {
  readonly traces: readonly string[];
  readonly metrics: readonly string[];
}

/**
 * Returns the server that `endpoint`, else OTEL_EXPORTER_OTLP_ENDPOINT, names, with the headers and the timeout of
 * OTEL_EXPORTER_OTLP_HEADERS (`name=value`, percent-encoded, commas between) and OTEL_EXPORTER_OTLP_TIMEOUT (in ms).
 *
 * @throws SheafError OPTION_INVALID when there is none, or one of them cannot be used.
 */
export function otlpServer(
  endpoint: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): OtlpServer {
  const [option, given] =
    endpoint === undefined
      ? ["OTEL_EXPORTER_OTLP_ENDPOINT", env.OTEL_EXPORTER_OTLP_ENDPOINT]
      : ["endpoint", endpoint];
  return {
    endpoint: checkedUrl(option, given),
    headers: readHeaders(env.OTEL_EXPORTER_OTLP_HEADERS ?? ""),
    timeoutMs: readTimeout(env.OTEL_EXPORTER_OTLP_TIMEOUT ?? ""),
  };
}

function checkedUrl(option: string, given: string | undefined): string {
  const url = given === undefined || !URL.canParse(given) ? null : new URL(given);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) {
    return url.href.replace(/\/+$/, "");
  }
  const expected = "the URL of a server for OTLP over HTTP, such as http://localhost:4318";
  throw new SheafError("OPTION_INVALID", { option, expected, got: given });
}

function readHeaders(text: string): Readonly<Record<string, string>> {
  const refuse = (): never => {
    // What stands there may be a key.
    const expected = "`name=value` with commas between, values percent-encoded";
    throw new SheafError("OPTION_INVALID", {
      option: "OTEL_EXPORTER_OTLP_HEADERS",
      expected,
      got: "another text",
    });
  };
  try {
    const pairs = text.split(",").filter((part) => part.trim() !== "");
    const headers = new Headers();
    for (const pair of pairs) {
      const at = pair.indexOf("=");
      if (at < 1) refuse();
      headers.set(pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim()));
    }
    return Object.fromEntries(headers);
  } catch {
    return refuse();
  }
}

function readTimeout(text: string): number {
  if (text.trim() === "") return DEFAULT_TIMEOUT_MS;
  const ms = Number(text);
  if (Number.isInteger(ms) && ms >= 1 && ms < 2 ** 31) return ms;
  const expected = "a whole number of milliseconds >= 1";
  throw new SheafError("OPTION_INVALID", { option: "OTEL_EXPORTER_OTLP_TIMEOUT", expected, got: text });
}

/**
 * Sends messages one after another, up to the first that is not taken, and returns what went wrong, or null. Sending
 * again is safe for traces: equal spans have equal ids.
 */
export async function sendOtlp(
  { traces, metrics }: OtlpMessages,
  server: OtlpServer,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<string | null> {
  const all = Object.entries({ traces, metrics }).flatMap(([kind, bodies]) =>
    bodies.map((body) => ({ url: `${server.endpoint}/v1/${kind}`, body })),
  );
  for (const { url, body } of all) {
    const problem = await sendOne(url, body, { server, signal });
    if (problem !== null) return problem;
  }
  return null;
}

interface Sending {
  readonly server: OtlpServer;
  readonly signal: AbortSignal | undefined;
}

async function sendOne(url: string, body: string, { server, signal }: Sending): Promise<string | null> {
  const late = AbortSignal.timeout(server.timeoutMs);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...server.headers, "content-type": "application/json" },
      body,
      redirect: "manual", // headers with keys go to nobody else
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    });
    const answer = await response.text();
    if (!response.ok) return `${url} answered ${response.status}${told(answer)}`;
    return partlyRefused(url, answer);
  } catch (error) {
    if (late.aborted) return `${url} did not answer within ${server.timeoutMs} ms`;
    return `${url} could not be reached: ${reasonOf(error)}`;
  }
}

function told(answer: string): string {
  const text = answer.replaceAll(/\s+/g, " ").trim();
  return text === "" ? "" : `: ${text.slice(0, MOST_ANSWER)}`;
}

/** A server may take a message and drop parts of it; it says how many. */
function partlyRefused(url: string, answer: string): string | null {
  const { partialSuccess } = parsed(answer) as { readonly partialSuccess?: Record<string, unknown> };
  const refused = Number(partialSuccess?.rejectedSpans ?? partialSuccess?.rejectedDataPoints ?? 0);
  if (!(refused > 0)) return null;
  return `${url} refused ${refused} of what it was sent${told(String(partialSuccess?.errorMessage ?? ""))}`;
}

function parsed(answer: string): object {
  try {
    const value: unknown = JSON.parse(answer);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {}; // a server need not say anything
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as { readonly message?: unknown; readonly cause?: { message?: unknown } };
  return String(cause?.message || message || error);
}
