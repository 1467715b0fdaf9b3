/** Thrown where a body is larger than allowed. */
export class BodyTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`the answer is larger than ${maxBytes} bytes`);
  }
}

/** What is told of a request. */
export interface RequestWatch {
  /** Largest body that is read. */
  readonly maxBytes: number;
  /** The request is on its way. */
  sent(): void;
  /** It costs nothing: it did not get there, or the server answered with an error. */
  free(): void;
  /** Bytes of the answer have come. */
  heard(): void;
}

// Errors of connections that were never made, so that no server has seen the request.
const NEVER_SENT = new Set([
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"],
  ...["CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN"],
  ...["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "ERR_TLS_CERT_ALTNAME_INVALID"],
]);

/** Returns a `fetch` that tells what becomes of its requests, and whose bodies cannot fill the memory. */
export function watchedFetch(watch: RequestWatch): typeof fetch {
  return async (input, init) => {
    watch.sent();
    let response: Response;
    try {
      response = await fetch(input, init);
    } catch (error) {
      if (NEVER_SENT.has(causeCode(error))) watch.free();
      throw error;
    }
    if (!response.ok) watch.free();
    watch.heard();
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    const body = response.body.pipeThrough(watched(watch));
    return new Response(response.ok ? body : await errorText(body), { status, statusText, headers });
  };
}

/** Returns the body of an error in OpenAI's form: of any other the client tells nobody what it says. */
async function errorText(body: ReadableStream<Uint8Array>): Promise<string> {
  const text = await new Response(body).text().catch((error: unknown) => String(error));
  try {
    const said = JSON.parse(text);
    if (typeof said !== "object" || said === null || "error" in said) return text;
    const { message = said.detail, code, type, param } = said;
    return JSON.stringify({ error: { message: message ?? text, code, type, param } });
  } catch {
    return text; // told as it is
  }
}

function watched({ maxBytes, heard }: RequestWatch): TransformStream<Uint8Array, Uint8Array> {
  let left = maxBytes;
  return new TransformStream({
    transform(chunk, controller) {
      heard();
      left -= chunk.byteLength;
      if (left < 0) controller.error(new BodyTooLarge(maxBytes));
      else controller.enqueue(chunk);
    },
  });
}

function causeCode(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}
