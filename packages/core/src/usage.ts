/**
 * Who says what a call cost. `provider`: who was paid. `caller`: the agent, without saying from where it knows.
 * `local`: it was computed from the price that the record names.
 */
export type CostSource = "provider" | "caller" | "local";

/** The price that a cost was computed from. */
export interface PriceReference {
  /** "genai-prices", or "prices" for the list of that option. */
  readonly source: string;
  /** Version of the price data; of a list the beginning of its sha256. */
  readonly version: string;
  /** Provider and model under which it stands there. */
  readonly provider: string;
  readonly model: string;
  /** Service tier that was charged, "standard" for the usual one. */
  readonly tier: string;
}

/** What one model call used. Token counts are whole numbers >= 0. */
export interface UsageRecord {
  /** Model as the provider names it, for example "gpt-4o-mini-2024-07-18". */
  readonly model: string;
  /** Who was paid: a name such as "openai", or the host of its server. Without it no price is looked up. */
  readonly provider?: string;
  /** Input tokens, cached ones included. */
  readonly inputTokens?: number;
  /** The part of `inputTokens` that was read from the provider's prompt cache. */
  readonly cachedInputTokens?: number;
  /** The part of `inputTokens` that was written to the provider's prompt cache. */
  readonly cacheWriteTokens?: number;
  /** The part of `cacheWriteTokens` that is kept for an hour instead of some minutes. */
  readonly cacheWrite1hTokens?: number;
  /** Output tokens, reasoning included. */
  readonly outputTokens?: number;
  /** The part of `outputTokens` that was reasoning. */
  readonly reasoningTokens?: number;
  /** The part of `inputTokens` that was sound. With any of these three the call has no price, but what it is told. */
  readonly audioInputTokens?: number;
  /** The part of `outputTokens` that was sound. */
  readonly audioOutputTokens?: number;
  /** Searches in the web that the provider made for the answer. */
  readonly webSearches?: number;
  /** Service tier of the answer, as the provider names it: "batch", "flex", "priority"; absent: the usual one. */
  readonly serviceTier?: string;
  /** What the call cost in USD, when that is known. Absent means unknown, never free. */
  readonly costUsd?: number;
  /** Who says so; absent where the cost is. In a record of an agent: "caller" when it says nothing. */
  readonly costSource?: CostSource;
  /**
   * What more the same call would have cost without the prompt cache, in USD; below 0 where what it wrote there costs
   * more than what it read saves. Set when the call is booked.
   */
  readonly cacheSavedUsd?: number;
  /** What a `local` cost was computed from. Set when the call is booked. */
  readonly price?: PriceReference;
}

/** What one attempt took from the machine. `null` means that it could not be measured here. */
export interface AttemptResources {
  /** From start to end, in ms. */
  readonly latencyMs: number;
  /** From ready to start, in ms. */
  readonly queueMs: number;
  /** Processor time, in ms. */
  readonly cpuMs: number | null;
  /** Largest memory: of the process, or of a thread's heap, in MiB. */
  readonly peakMemoryMiB: number | null;
  /** Largest memory of GPUs, in MiB: as sampled, or as the agent told, whichever is more. */
  readonly vramPeakMiB: number | null;
  /** How often a model was loaded into memory, as the agent reported it. */
  readonly modelLoads: number;
}
