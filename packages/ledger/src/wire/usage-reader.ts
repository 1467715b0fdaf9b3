import type { ModelApi, UsageRecord } from "@sheaf/core";
import { fieldsOf, type JsonFields } from "./json-fields.ts";
import { JsonMembers } from "./json-members.ts";
import { type SseEvent, SseEvents } from "./sse-events.ts";
import { StreamFacts } from "./stream-facts.ts";
import { estimatedTokens } from "./text-size.ts";
import { type ToldByAnswer, toldUsage } from "./told-usage.ts";

/** What an answer has told so far. */
export interface UsageReading {
  /** Null where it has told none. Before the answer is complete it may still grow. */
  readonly usage: UsageRecord | null;
  /** The answer has come to its end, so that `usage` is final. */
  readonly isComplete: boolean;
  /** About how many tokens of answer have come: bytes of text by four. */
  readonly seenOutputTokens: number;
}

export interface UsageReaderOptions {
  readonly api: ModelApi;
  /** Who is paid, and the model that was asked for. */
  readonly asked: ToldByAnswer["asked"];
  /** The usage was asked for in place of the client: what the server adds for that is taken out again. */
  readonly removesUsage: boolean;
}

const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b]);

/**
 * Reads what an answer used out of its bytes, as they come. Whether it is one JSON value or a stream of events shows
 * in its first sign, since servers name the wrong type, and some answer in one piece though asked for a stream.
 */
export class UsageReader {
  readonly #options: UsageReaderOptions;
  readonly #facts: StreamFacts;
  readonly #members = new JsonMembers(["model", "service_tier", "usage", "status"]);
  readonly #events = new SseEvents();
  #form: "unknown" | "json" | "stream" = "unknown";
  #bytes = 0;

  constructor(options: UsageReaderOptions) {
    this.#options = options;
    this.#facts = new StreamFacts(options.api);
  }

  get removesUsage(): boolean {
    return this.#options.removesUsage;
  }

  /** Takes some bytes and returns what the client is to get now; in all, but for what is taken out, these bytes. */
  push(bytes: Buffer): Buffer {
    this.#bytes += bytes.length;
    if (this.#form === "unknown") {
      const first = bytes.find((byte) => !BLANKS.has(byte));
      if (first !== undefined) this.#form = OPENING.has(first) ? "json" : "stream";
    }
    if (this.#form === "json") this.#members.push(bytes);
    return this.#form === "stream" ? this.#take(this.#events.push(bytes), bytes) : bytes;
  }

  /** Ends the answer and returns what was held back. */
  end(): Buffer {
    return this.#take(this.#events.end(), NOTHING);
  }

  get reading(): UsageReading {
    const { api, asked } = this.#options;
    if (this.#form === "json") {
      const { usage, status, ...said } = this.#whole();
      const isQueued = api === "responses" && (status === "queued" || status === "in_progress");
      return {
        usage: toldUsage({ api, asked, ...said, usage }),
        isComplete: this.#members.isOver && !isQueued,
        seenOutputTokens: api === "embeddings" ? 0 : estimatedTokens(this.#bytes),
      };
    }
    const { isComplete, usage, model, serviceTier, textBytes } = this.#facts;
    return {
      usage: toldUsage({ api, asked, model, serviceTier, usage }),
      isComplete,
      seenOutputTokens: estimatedTokens(textBytes),
    };
  }

  #whole(): { model: unknown; serviceTier: unknown; status: unknown; usage: JsonFields } {
    const members = this.#members;
    return {
      model: members.get("model"),
      serviceTier: members.get("service_tier"),
      status: members.get("status"),
      usage: fieldsOf(members.get("usage")),
    };
  }

  #take(events: readonly SseEvent[], bytes: Buffer): Buffer {
    const { removesUsage } = this.#options;
    const passed: Buffer[] = [];
    for (const event of events) {
      const wasAdded = this.#facts.take(event.data);
      if (removesUsage && !wasAdded) passed.push(event.bytes);
    }
    if (!removesUsage) return bytes;
    return passed.length === 1 ? passed[0]! : Buffer.concat(passed);
  }
}

const NOTHING = Buffer.alloc(0);
