/** How much a model that can reason shall do so. */
export const MODEL_EFFORTS = ["minimal", "low", "medium", "high"] as const;
export type ModelEffort = (typeof MODEL_EFFORTS)[number];

/** Which model answers, and where. Any server that speaks OpenAI's chat completions will do. Plain data. */
export interface ModelSettings {
  readonly apiKey: string;
  /** What it holds as a query (`?api-version=...`) goes with every request. @default "https://api.openai.com/v1" */
  readonly baseUrl?: string;
  /** Name of the model, as the server knows it. */
  readonly model: string;
  /** Longest time for all that the model is asked, in ms. @default DEFAULT_MODEL_TIMEOUT_MS */
  readonly timeoutMs?: number;
  /** Sent as it is; the server's own default when absent. */
  readonly temperature?: number;
  /** Sent as `reasoning_effort`; the server's own default when absent. */
  readonly effort?: ModelEffort;
}

export const DEFAULT_BASE_URL = "https://api.openai.com/v1";
export const DEFAULT_MODEL_TIMEOUT_MS = 60_000;

/** Returns who is paid: "openai", or the host of the base URL. */
export function providerOf({ baseUrl = DEFAULT_BASE_URL }: ModelSettings): string {
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl;
  return host === "api.openai.com" ? "openai" : host;
}
