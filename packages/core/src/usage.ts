/** What one model call used. Token counts are whole numbers >= 0. */
export interface UsageRecord {
  /** Model as the provider names it, for example "gpt-4o-mini-2024-07-18". */
  readonly model: string;
  /** Who was paid, for example "openai". */
  readonly provider?: string;
  /** Input tokens, cached ones included. */
  readonly inputTokens?: number;
  /** The part of `inputTokens` that was read from the provider's prompt cache. */
  readonly cachedInputTokens?: number;
  /** Output tokens, reasoning included. */
  readonly outputTokens?: number;
  /** The part of `outputTokens` that was reasoning. */
  readonly reasoningTokens?: number;
  /** What the call cost in USD, when the caller knows it. Absent means unknown, never free. */
  readonly costUsd?: number;
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
  /** Largest memory of a GPU, in MiB, as the agent reported it. */
  readonly vramPeakMiB: number | null;
  /** How often a model was loaded into memory, as the agent reported it. */
  readonly modelLoads: number;
}
