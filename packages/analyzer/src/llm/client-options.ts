import type { ClientOptions } from "openai";
import { DEFAULT_BASE_URL, type ModelSettings } from "./model-settings.ts";

const AZURE = /\.(openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.(com|us|cn)$/;

/**
 * Returns the options of a client for these settings. All that it would else take from the environment is said here,
 * but for OPENAI_CUSTOM_HEADERS, which cannot be switched off: it may add headers and not replace the key.
 */
export function clientOptions({ apiKey, baseUrl = DEFAULT_BASE_URL }: ModelSettings): ClientOptions {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  const query = Object.fromEntries(url?.searchParams ?? []);
  // Azure takes a key in a header of its own, and a token where others take the key.
  const azure = url !== null && AZURE.test(url.hostname) ? { "api-key": apiKey } : {};
  return {
    apiKey,
    // The client puts its path behind whatever stands here.
    baseURL: baseUrl.replace(/[?#].*$/s, ""),
    defaultQuery: query,
    defaultHeaders: { Authorization: `Bearer ${apiKey}`, ...azure },
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    logLevel: "off",
    maxRetries: 0,
  };
}
