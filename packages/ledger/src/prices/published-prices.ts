// What providers publish, by way of @pydantic/genai-prices. Its data is used; the look-up and the sums are ours.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ConditionalPrice, ModelInfo, ModelPrice, Provider } from "@pydantic/genai-prices";
import { usdToPico } from "../money.ts";
import { flatRate, type Rate, type Rates } from "./cost-of-call.ts";
import { findModel } from "./find-model.ts";

/** A model's prices, and under which names they stand. */
export interface PublishedModel {
  readonly provider: string;
  readonly model: string;
  /** What is charged at a time in ms since 1970; null where usage in tokens does not tell. */
  ratesAt(at: number): Rates | null;
}

type Library = Pick<typeof import("@pydantic/genai-prices"), "findProvider">;

const PACKAGE = "@pydantic/genai-prices";

/** Charged only where such a thing is done: searches by tools, input that is no text. Price book: P3. */
const BESIDE = /^(?:\w+_searches_kcount|(?:input|cache)_(?:audio|image|video)\w*_mtok)$/;

const RATE_OF: Readonly<Record<string, Exclude<keyof Rates, "request">>> = {
  input_mtok: "input",
  cache_read_mtok: "cachedInput",
  cache_write_mtok: "cacheWrite",
  cache_write_1h_mtok: "cacheWrite1h",
  output_mtok: "output",
  output_reasoning_mtok: "reasoning",
};

let loaded: { readonly library: Library; readonly version: string } | null = null;

// Half a megabyte, which no run needs whose calls all have a price; calls are booked at once, so it cannot be awaited.
function published(): NonNullable<typeof loaded> {
  if (loaded !== null) return loaded;
  const require = createRequire(import.meta.url);
  const manifest = join(dirname(require.resolve(PACKAGE)), "../package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
  loaded = { library: require(PACKAGE) as Library, version };
  return loaded;
}

/** Version of the price data. */
export const publishedVersion = (): string => published().version;

/**
 * Returns a model's prices, or null where they are not known.
 *
 * @param provider its name, as "openai", or the host of its server, as "api.openai.com"
 */
export function findPublished(provider: string, model: string): PublishedModel | null {
  const seller = findSeller(provider.trim().toLowerCase());
  if (seller === undefined) return null;
  // Azure sells what others make, at their prices.
  const makers = (seller.fallback_model_providers ?? []).map((id) => findSeller(id)?.models ?? []);
  for (const models of [seller.models, ...makers]) {
    const found = findModel(models, model);
    if (found !== null) {
      return { provider: seller.id, model: found.id, ratesAt: ratesOverTime(found) };
    }
  }
  return null;
}

/** Who makes models and sells them; of a model that several sell, the first made it. */
const MAKERS = ["openai", "anthropic", "google", "mistral", "deepseek", "x-ai", "cohere", "moonshotai"];

/** Returns who makes a model of exactly this name, or undefined where nobody is known to. */
export function findMaker(model: string): string | undefined {
  return MAKERS.find((maker) => findModel(findSeller(maker)?.models ?? [], model) !== null);
}

function findSeller(name: string): Provider | undefined {
  const { findProvider } = published().library;
  // For a name it also finds a provider whose name it contains.
  const named = findProvider({ providerId: name });
  if (named?.id === name) return named;
  const url = `https://${name}/`;
  const hosted = URL.canParse(url) ? findProvider({ providerApiUrl: url }) : undefined;
  // The pattern is only what the address begins with; one that ends in a dot leaves the rest of the host open.
  const isWhole = (pattern: string): boolean =>
    new RegExp(`^(?:${pattern})(?:(?<=\\.)[a-z]+)?(?::\\d+)?(?:/|$|(?<=/))`).test(url);
  return hosted !== undefined && isWhole(hosted.api_pattern) ? hosted : undefined;
}

function ratesOverTime({ prices }: ModelInfo): PublishedModel["ratesAt"] {
  if (!Array.isArray(prices)) {
    const rates = ratesOf(prices);
    return () => rates;
  }
  const periods = prices.map((period) => ({ holdsAt: spanOf(period), rates: ratesOf(period.prices) }));
  // The last that holds counts; the first is for the time before all others.
  return (at) => (periods.findLast(({ holdsAt }) => holdsAt(at)) ?? periods[0]!).rates;
}

function spanOf({ constraint }: ConditionalPrice): (at: number) => boolean {
  if (constraint === undefined) return () => true;
  if (constraint.type === "start_date") {
    const start = Date.parse(constraint.start_date);
    return (at) => at >= start;
  }
  const { start_time: start, end_time: end } = constraint;
  return (at) => isWithin(new Date(at).toISOString().slice(11, 19), start, end);
}

/** Tells whether a time of day, "hh:mm:ss" in UTC, lies in a span that may go past midnight. */
function isWithin(time: string, start: string, end: string): boolean {
  const [from, to] = [start.slice(0, 8), end.slice(0, 8)];
  return to < from ? time >= from || time < to : time >= from && time < to;
}

function ratesOf(prices: ModelPrice): Rates | null {
  const rates: { -readonly [K in keyof Rates]: Rates[K] } = {};
  for (const [key, price] of Object.entries(prices)) {
    if (price === undefined || BESIDE.test(key)) continue;
    const rate = RATE_OF[key];
    if (rate !== undefined) rates[rate] = rateOf(price);
    else if (key === "requests_kcount" && typeof price === "number")
      rates.request = usdToPico(price) / 1_000n;
    else return null;
  }
  return Object.keys(rates).length === 0 ? null : rates;
}

function rateOf(price: Exclude<ModelPrice[string], undefined>): Rate {
  if (typeof price === "number") return flatRate(price);
  const steps = price.tiers.map((tier) => ({ above: tier.start, price: usdToPico(tier.price) }));
  return { base: usdToPico(price.base), steps: steps.sort((a, b) => a.above - b.above) };
}
