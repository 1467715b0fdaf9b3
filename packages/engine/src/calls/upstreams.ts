import { SheafError } from "@sheaf/core";
import { type ClientStyle, checkBaseUrl, type UpstreamSettings } from "@sheaf/ledger";

/** Variables that name the real servers. Tasks find the gateway under these names. */
const NAMES: Readonly<Record<ClientStyle, { readonly baseUrl: string; readonly apiKey: string }>> = {
  openai: { baseUrl: "OPENAI_BASE_URL", apiKey: "OPENAI_API_KEY" },
  anthropic: { baseUrl: "ANTHROPIC_BASE_URL", apiKey: "ANTHROPIC_API_KEY" },
};

export type Upstreams = Readonly<Partial<Record<ClientStyle, UpstreamSettings>>>;

/**
 * Returns the real servers that an environment names: those with a key, or a URL of their own.
 *
 * @throws SheafError OPTION_INVALID naming the variable whose URL is none, or whose key no header can hold
 */
export function upstreamsOf(env: NodeJS.ProcessEnv): Upstreams {
  const found = (Object.keys(NAMES) as ClientStyle[]).flatMap((style) => {
    const baseUrl = env[NAMES[style].baseUrl]?.trim() || null;
    const apiKey = env[NAMES[style].apiKey]?.trim() || null;
    if (baseUrl === null && apiKey === null) return [];
    if (baseUrl !== null) checkBaseUrl(NAMES[style].baseUrl, baseUrl);
    if (apiKey !== null) checkKey(NAMES[style].apiKey, apiKey);
    return [[style, { apiKey, ...(baseUrl === null ? {} : { baseUrl }) }] as const];
  });
  return Object.fromEntries(found);
}

/** A second line, or quotes that an editor has made round. */
const NO_KEY = /[^\x20-\x7e]/;

function checkKey(option: string, apiKey: string): void {
  const found = NO_KEY.exec(apiKey);
  if (found === null) return;
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  const got = `one with U+${code} as character ${found.index + 1} of ${apiKey.length}`;
  const expected = "a key of letters, digits and signs of ASCII";
  throw new SheafError("OPTION_INVALID", { option, expected, got });
}

/** Where, and by which key, the analysis asks its model: a run within a task asks by the gateway. */
const ANALYSIS_NAMES = ["SHEAF_MODEL_API_KEY", "SHEAF_MODEL_BASE_URL"];

/**
 * Returns the environment of workers: without the keys of servers that are behind the gateway, and that of the analysis.
 *
 * @param inTheirPlace what is found in place of a key, so that a client can be made
 */
export function withoutKeys(
  env: NodeJS.ProcessEnv,
  upstreams: Upstreams,
  inTheirPlace: string | null = null,
): NodeJS.ProcessEnv {
  const keys = (Object.keys(upstreams) as ClientStyle[]).map((style) => NAMES[style].apiKey);
  const hidden = new Set([
    ...(env.SHEAF_MODEL_API_KEY === undefined ? [] : ANALYSIS_NAMES),
    ...(Object.keys(upstreams) as ClientStyle[]).flatMap((style) => Object.values(NAMES[style])),
  ]);
  return Object.fromEntries([
    ...Object.entries(env).filter(([name]) => !hidden.has(name)),
    ...(inTheirPlace === null ? [] : keys.map((name) => [name, inTheirPlace])),
  ]);
}

/** Returns the variables that name the real servers: for who asks them past the gateway. */
export function namesOf(upstreams: Upstreams): Readonly<Record<string, string>> {
  const named = (Object.keys(upstreams) as ClientStyle[]).flatMap((style) => {
    const { baseUrl, apiKey } = upstreams[style]!;
    return [
      [NAMES[style].baseUrl, baseUrl],
      [NAMES[style].apiKey, apiKey],
    ] as const;
  });
  return Object.fromEntries(named.flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

/**
 * Returns the variables by which clients name the real servers themselves, where no gateway can be opened: without
 * keys, and without queries, which may hold some. What stands in place of a key has a client made, and refused.
 */
export function pastGateway(upstreams: Upstreams): Readonly<Record<string, string>> {
  const found = (Object.keys(upstreams) as ClientStyle[]).flatMap((style) => {
    const { baseUrl } = upstreams[style]!;
    const names = NAMES[style];
    const server = baseUrl === undefined ? [] : [[names.baseUrl, baseUrl.replace(/\?.*/s, "")] as const];
    return [[names.apiKey, "no-gateway"] as const, ...server];
  });
  return Object.fromEntries(found);
}

const PROXIES = ["http_proxy", "https_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);

/** Returns the variables by which clients that use a proxy reach the gateway past it. */
export function pastProxies(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  if (!PROXIES.some((name) => env[name])) return {};
  const known = env.no_proxy || env.NO_PROXY;
  const hosts = known ? `${known},127.0.0.1` : "127.0.0.1";
  return { NO_PROXY: hosts, no_proxy: hosts };
}
