const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d]);

/** A member that is larger is not kept. */
const MOST_MEMBER_BYTES = 64 * 2 ** 10;

/**
 * Finds members of a JSON object that comes in pieces, and keeps nothing else of it: a list of embeddings may have
 * tens of megabytes, and its usage stands at the end.
 */
export class JsonMembers {
  readonly #wanted: ReadonlySet<string>;
  readonly #found = new Map<string, unknown>();
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Between the comma, or the opening brace, and the colon of a member of the outermost object. */
  #inKey = false;
  #key = "";
  #kept: number[] | null = null;
  /** The outermost value has been closed. */
  isOver = false;

  constructor(wanted: readonly string[]) {
    this.#wanted = new Set(wanted);
  }

  /** Returns a member, or undefined where it has not come, or is no JSON. */
  get(name: string): unknown {
    return this.#found.get(name);
  }

  push(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length && !this.isOver; i++) {
      const byte = bytes[i]!;
      // Most of a large answer is text that nobody wants.
      if (this.#inString && this.#kept === null && byte !== QUOTE && byte !== BACKSLASH && !this.#escaped) {
        continue;
      }
      if (this.#inString) this.#takeInString(byte);
      else this.#take(byte);
    }
  }

  #keep(byte: number): void {
    if (this.#kept !== null && this.#kept.length <= MOST_MEMBER_BYTES) this.#kept.push(byte);
  }

  #takeInString(byte: number): void {
    this.#keep(byte);
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }

  #take(byte: number): void {
    if (CLOSING.has(byte)) {
      if (this.#depth === 1) this.#endMember();
      this.#depth--;
      this.isOver = this.#depth === 0;
    }
    const isOutermost = this.#depth === 1;
    if (isOutermost && byte === COMMA) {
      this.#endMember();
      this.#startKey();
      return;
    }
    if (isOutermost && this.#inKey && byte === COLON) {
      this.#endKey();
      return;
    }
    this.#keep(byte);
    if (byte === QUOTE) this.#inString = true;
    else if (OPENING.has(byte)) {
      this.#depth++;
      if (this.#depth === 1) this.#startKey();
    }
  }

  #startKey(): void {
    this.#inKey = true;
    this.#kept = [];
  }

  #endKey(): void {
    this.#inKey = false;
    const key = this.#parsed();
    this.#key = typeof key === "string" ? key : "";
    this.#kept = this.#wanted.has(this.#key) ? [] : null;
  }

  #endMember(): void {
    if (!this.#inKey && this.#kept !== null) this.#found.set(this.#key, this.#parsed());
    this.#kept = null;
  }

  #parsed(): unknown {
    const kept = this.#kept ?? [];
    if (kept.length > MOST_MEMBER_BYTES) return undefined;
    try {
      return JSON.parse(Buffer.from(kept).toString());
    } catch {
      return undefined;
    }
  }
}
