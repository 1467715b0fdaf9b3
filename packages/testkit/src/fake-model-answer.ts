/** What a fake model server charges, in the words of chat completions. */
export interface FakeUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_tokens_details?: {
    readonly cached_tokens: number;
    readonly cache_write_tokens?: number;
  };
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
}

/** What a completion says, in one piece or as a stream. */
export interface FakeCompletion {
  readonly content: string | null;
  readonly refusal: string | null;
  readonly model: string;
  /** Null: it never says that the answer has ended. */
  readonly finishReason: string | null;
  /** Null: it never says what it cost. */
  readonly usage: FakeUsage | null;
}

/** What an event of a stream is about. */
export type StreamPart = "role" | "content" | "finish" | "usage" | "done";

export interface StreamEvent {
  readonly part: StreamPart;
  /** Absent in chat completions. */
  readonly name?: string;
  readonly data: string;
  readonly tellsUsage: boolean;
}
