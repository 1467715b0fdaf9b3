/** Which model answers, and where. Any server that speaks OpenAI's chat completions will do. */
export interface ModelSettings {
  readonly apiKey: string;
  /** @default "https://api.openai.com/v1" */
  readonly baseUrl?: string;
  /** Name of the model, as the server knows it. */
  readonly model: string;
  /** Longest time for all that the model is asked, in ms. @default DEFAULT_MODEL_TIMEOUT_MS */
  readonly timeoutMs?: number;
  /** Sent as it is; the server's own default when absent. */
  readonly temperature?: number;
}

export const DEFAULT_BASE_URL = "https://api.openai.com/v1";
export const DEFAULT_MODEL_TIMEOUT_MS = 60_000;

/** Returns who is paid: "openai", or the host of the base URL. */
export function providerOf({ baseUrl = DEFAULT_BASE_URL }: ModelSettings): string {
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl;
  return host === "api.openai.com" ? "openai" : host;
}
