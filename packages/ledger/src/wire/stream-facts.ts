import type { ModelApi } from "@sheaf/core";
import { countOf, fieldsOf, type JsonFields } from "./json-fields.ts";

/** Members of a piece of an answer that hold what the model has written. */
const WRITTEN: ReadonlySet<string> = new Set([
  ...["text", "content", "refusal", "reasoning", "reasoning_content", "name", "arguments"],
  ...["partial_json", "thinking"],
]);

const RESPONSE_ENDS: ReadonlySet<unknown> = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
]);

/** What the events of a stream have told so far. */
export class StreamFacts {
  readonly #api: ModelApi;
  /** Choices of a chat that have begun and not ended, by index. */
  readonly #open = new Set<unknown>();
  #hasChoice = false;
  model: unknown;
  serviceTier: unknown;
  /** As the server tells it; what an event repeats takes the place of what an earlier one has told. */
  usage: JsonFields = {};
  /** Bytes of text that the model has written. */
  textBytes = 0;
  isComplete = false;

  constructor(api: ModelApi) {
    this.#api = api;
  }

  /** Takes the data of an event; true when it does nothing but tell the usage of a chat. */
  take(data: string | null): boolean {
    if (data === null) return false;
    if (data.startsWith("[DONE]")) {
      if (this.#api === "chat") this.isComplete = true;
      return false;
    }
    const event = fieldsOf(parsed(data));
    switch (this.#api) {
      case "chat":
        return this.#takeChunk(event);
      case "responses":
        this.#takeResponseEvent(event);
        return false;
      case "messages":
        this.#takeMessageEvent(event);
        return false;
      default:
        return false;
    }
  }

  #takeChunk(chunk: JsonFields): boolean {
    this.#tell(chunk);
    const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
    for (const each of choices) {
      const { index = 0, delta, text, finish_reason } = fieldsOf(each);
      this.#hasChoice = true;
      this.#open.add(index);
      if (finish_reason != null) this.#open.delete(index);
      this.textBytes += writtenBytes(delta) + writtenBytes({ text });
    }
    const tellsUsage = countOf(fieldsOf(chunk.usage).prompt_tokens) !== undefined;
    const tellsNothingElse = tellsUsage && Array.isArray(chunk.choices) && choices.length === 0;
    // Some servers tell the usage so far with every piece; it is final once all choices have ended.
    if (tellsUsage && this.#hasChoice && this.#open.size === 0) this.isComplete = true;
    return tellsNothingElse;
  }

  #takeResponseEvent(event: JsonFields): void {
    this.#tell(fieldsOf(event.response));
    const { type, delta } = event;
    if (typeof delta === "string") this.textBytes += Buffer.byteLength(delta);
    if (RESPONSE_ENDS.has(type)) this.isComplete = true;
  }

  #takeMessageEvent(event: JsonFields): void {
    if (event.type === "message_start") this.#tell(fieldsOf(event.message));
    if (event.type === "message_delta") {
      this.#tell({ usage: event.usage });
      if (fieldsOf(event.delta).stop_reason != null) this.isComplete = true;
    }
    if (event.type === "content_block_delta") this.textBytes += writtenBytes(event.delta);
    if (event.type === "message_stop") this.isComplete = true;
  }

  #tell({ model, service_tier, usage }: JsonFields): void {
    this.model = model ?? this.model;
    this.serviceTier = service_tier ?? this.serviceTier;
    const told = Object.entries(fieldsOf(usage)).filter(([, value]) => value !== null);
    if (told.length > 0) this.usage = { ...this.usage, ...Object.fromEntries(told) };
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** Written text lies three levels deep, in the calls of tools; deeper ones are not looked into. */
const DEEPEST = 6;

function writtenBytes(piece: unknown, depth = 0): number {
  if (depth > DEEPEST) return 0;
  if (Array.isArray(piece)) {
    return piece.reduce<number>((sum, each) => sum + writtenBytes(each, depth + 1), 0);
  }
  let bytes = 0;
  for (const [name, value] of Object.entries(fieldsOf(piece))) {
    if (typeof value === "string") bytes += WRITTEN.has(name) ? Buffer.byteLength(value) : 0;
    else if (typeof value === "object") bytes += writtenBytes(value, depth + 1);
  }
  return bytes;
}
