/** One server-sent event, with the empty line that ends it. */
export interface SseEvent {
  readonly bytes: Buffer;
  /** Null where it has none, or is too large to be read. */
  readonly data: string | null;
}

/** Far above any honest event: the last one of a response repeats the whole answer. */
const MOST_EVENT_BYTES = 16 * 2 ** 20;

const NEW_LINE = 0x0a;
const RETURN = 0x0d;

/**
 * Cuts a stream of bytes into server-sent events. The bytes of all events, one after another, are those of the stream.
 * Lines end in LF or CRLF. Of an event that is too large the bytes come in pieces without data.
 */
export class SseEvents {
  #parts: Buffer[] = [];
  #size = 0;
  /** Bytes of the line that is not over, a return at its end not counted. */
  #line = 0;
  #isTooLarge = false;

  push(bytes: Buffer): SseEvent[] {
    const events: SseEvent[] = [];
    let start = 0;
    let from = 0;
    for (let at = bytes.indexOf(NEW_LINE); at !== -1; at = bytes.indexOf(NEW_LINE, from)) {
      const isEmpty = this.#line === 0 && (at === from || (at === from + 1 && bytes[from] === RETURN));
      this.#line = 0;
      from = at + 1;
      if (!isEmpty) continue;
      this.#keep(bytes.subarray(start, from));
      events.push(this.#take());
      this.#isTooLarge = false;
      start = from;
    }
    const rest = bytes.subarray(from);
    // A return that may belong to an empty line is not counted, whichever piece it came in.
    this.#line += rest.length - (this.#line === 0 && rest.length === 1 && rest[0] === RETURN ? 1 : 0);
    this.#keep(bytes.subarray(start));
    if (this.#size > MOST_EVENT_BYTES) this.#isTooLarge = true;
    if (this.#isTooLarge && this.#size > 0) events.push(this.#take());
    return events;
  }

  /** Ends the stream: its last event may lack the empty line. */
  end(): SseEvent[] {
    return this.#size === 0 ? [] : [this.#take()];
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#size += bytes.length;
  }

  #take(): SseEvent {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return { bytes, data: this.#isTooLarge ? null : dataOf(bytes.toString()) };
  }
}

function dataOf(text: string): string | null {
  const data: string[] = [];
  for (const line of text.split("\n")) {
    if (!line.startsWith("data:")) continue;
    const value = line.slice(line[5] === " " ? 6 : 5);
    data.push(value.endsWith("\r") ? value.slice(0, -1) : value);
  }
  return data.length === 0 ? null : data.join("\n");
}
