/** An answer as a client gets it. */
export interface WholeAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Larger answers are not kept. */
const MOST_ANSWER_BYTES = 32 * 2 ** 20;

/** Copies an answer while it is handed on. */
export class AnswerCopy {
  #status = 0;
  #headers: readonly string[] = [];
  #parts: Buffer[] = [];
  #size = 0;
  #hasEnded = false;

  begin(status: number, headers: readonly string[]): void {
    this.#status = status;
    this.#headers = headers;
  }

  add(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#size <= MOST_ANSWER_BYTES) this.#parts.push(bytes);
    else this.#parts = [];
  }

  /** The server has sent all of it. */
  end(): void {
    this.#hasEnded = true;
  }

  /** Null where it did not come to its end, or is too large. */
  get whole(): WholeAnswer | null {
    if (!this.#hasEnded || this.#size > MOST_ANSWER_BYTES) return null;
    return { status: this.#status, headers: this.#headers, body: Buffer.concat(this.#parts) };
  }
}
