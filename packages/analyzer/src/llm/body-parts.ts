import { SheafError, show } from "@sheaf/core";
import { BodyTooLarge } from "./watched-fetch.ts";

/** Thrown where an answer broke off before its end. */
export class AnswerBroken extends Error {}

/**
 * Yields the JSON values of an answer: one for each event of a stream, or the one that it is. Which it is shows in its
 * first signs, since servers name the wrong type, and some answer in one piece though they were asked for a stream.
 *
 * The client's own reader is not used: what it makes of an answer that breaks off differs between its versions, it
 * passes over an answer that is no stream, and it takes time that grows with the square of a line's length.
 *
 * @throws AnswerBroken, BodyTooLarge, SheafError MODEL_ANSWER_REFUSED where it is not JSON
 */
export async function* bodyParts(body: ReadableStream<Uint8Array> | null): AsyncGenerator<unknown> {
  let start = "";
  let rest: string[] | EventReader | null = null;
  for await (let piece of pieces(body)) {
    if (rest === null) {
      start = (start + piece).trimStart();
      if (start.length < LONGEST_FIELD) continue;
      rest = EVENT_FIELD.test(start) ? new EventReader() : [];
      piece = start;
    }
    if (Array.isArray(rest)) rest.push(piece);
    else yield* rest.push(piece);
    if (!Array.isArray(rest) && rest.isDone) return;
  }
  if (rest instanceof EventReader) yield* rest.end();
  else if (start !== "") yield whole(rest === null ? start : rest.join(""));
}

const EVENT_FIELD = /^(data|event|id|retry)?:/;
const LONGEST_FIELD = "event:".length;

async function* pieces(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    for await (const bytes of body ?? []) yield decoder.decode(bytes, { stream: true });
  } catch (error) {
    if (error instanceof BodyTooLarge) throw error;
    throw new AnswerBroken("the connection was cut", { cause: error });
  }
}

function whole(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const problem = `the server sent text that is not JSON: ${show(text.slice(0, 80))}`;
    throw new SheafError("MODEL_ANSWER_REFUSED", { problem });
  }
}

/** Reads server-sent events whose data are JSON; "[DONE]" ends them. */
class EventReader {
  #line = "";
  #data: string[] = [];
  isDone = false;

  *push(text: string): Generator<unknown> {
    if (!text.includes("\n")) {
      this.#line += text;
      return;
    }
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop()!;
    for (const line of lines) {
      const [, data] = /^data: ?(.*?)\r?$/s.exec(line) ?? [];
      if (data !== undefined) this.#data.push(data);
      else if (line === "" || line === "\r") yield* this.end();
      if (this.isDone) return;
    }
  }

  /** Ends the event that is open; the last one may lack its empty line. */
  *end(): Generator<unknown> {
    const data = this.#data.join("\n");
    this.#data = [];
    if (data.startsWith("[DONE]")) this.isDone = true;
    else if (data !== "") yield value(data);
  }
}

function value(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new AnswerBroken(`an event is not JSON: ${show(data.slice(0, 80))}`);
  }
}
