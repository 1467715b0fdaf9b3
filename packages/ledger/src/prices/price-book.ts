// Says what calls cost whose cost nobody has told.
//
// Owns:     the look-ups made so far.
// Does not: load the published prices before a call needs them.
//
// Invariants:
//   P1. What a record of a call says of its cost stays.
//   P2. A cost that is computed names the price that it was computed from.
//   P3. A cost is added only where provider, model, tier and counts are all known, and the usage tells of nothing that
//       prices of tokens do not cover; nothing has a price by default.
import type { PriceReference, UsageRecord } from "@sheaf/core";
import { picoToUsd } from "../money.ts";
import { costOfCall, costOfCalls } from "./cost-of-call.ts";
import { type CheckedPriceList, type PriceList, readPriceList } from "./price-list.ts";
import { findMaker, findPublished, type PublishedModel, publishedVersion } from "./published-prices.ts";
import { shareOfTier, TIERS_VERSION, tierName } from "./service-tiers.ts";

export interface PriceBookOptions {
  /** The user's own prices, or the path of the JSON file with them; they go before the published ones. */
  readonly prices?: string | PriceList | null;
}

/** What model calls cost. */
export interface PriceBook {
  /**
   * Returns what a call used with what it cost and who says so, as far as that is known.
   *
   * @param at when it was made, in ms since 1970
   */
  priced(usage: UsageRecord, at: number): UsageRecord;
  /**
   * Returns what calls used together, as a cost file tells it, with what they cost. The file's own figure counts only
   * where no price is known: programs look models up by parts of their names. Where no provider is told, it is the one
   * whom the user's list has the model under, else the maker of the model of exactly that name.
   *
   * @param at when the file was read, in ms since 1970
   */
  pricedSum(usage: UsageRecord, at: number): UsageRecord;
}

interface Priced {
  readonly pico: bigint;
  readonly price: PriceReference;
}

/** Names of models are the agents' to choose; so many look-ups are remembered. */
const MOST_REMEMBERED = 1_000;

/** What is charged at rates of its own: prices of tokens are those of text. */
const NOT_COVERED = ["audioInputTokens", "audioOutputTokens", "webSearches"] as const;

/** Opens the price book of a run. @throws SheafError OPTION_INVALID where the user's prices are not what they must be. */
export function openPriceBook({ prices = null }: PriceBookOptions = {}): PriceBook {
  const own = prices === null ? null : readPriceList(prices);
  const found = new Map<string, PublishedModel | null>();
  const publishedFor = (provider: string, model: string): PublishedModel | null => {
    const key = `${provider}\n${model}`;
    const known = found.get(key);
    if (known !== undefined) return known;
    if (found.size >= MOST_REMEMBERED) found.clear();
    const price = findPublished(provider, model);
    found.set(key, price);
    return price;
  };
  const priceOf = (call: Asked): Priced | null => {
    if (NOT_COVERED.some((kind) => (call.usage[kind] ?? 0) > 0)) return null;
    return own !== null && lists(own, call) ? priceOfList(own, call) : priceOfData(publishedFor, call);
  };
  return {
    priced(usage, at) {
      if (usage.costUsd !== undefined) return { ...usage, costSource: usage.costSource ?? "caller" };
      const { provider } = usage;
      if (provider === undefined) return usage;
      const asked = { usage, provider, tier: tierName(usage.serviceTier), at, costOf: costOfCall };
      const priced = priceOf(asked);
      if (priced === null) return usage;
      const known = withPrice(usage, priced);
      if ((usage.cachedInputTokens ?? 0) + (usage.cacheWriteTokens ?? 0) === 0) return known;
      const full = priceOf({ ...asked, usage: withoutCache(usage) });
      return full === null ? known : { ...known, cacheSavedUsd: picoToUsd(full.pico - priced.pico) };
    },
    pricedSum(usage, at) {
      const provider = usage.provider ?? sellerOf(own, usage.model);
      if (provider === undefined) return usage;
      const priced = priceOf({ usage, provider, tier: tierName(), at, costOf: costOfCalls });
      return priced === null ? usage : withPrice(usage, priced);
    },
  };
}

function withPrice(usage: UsageRecord, { pico, price }: Priced): UsageRecord {
  return { ...usage, costUsd: picoToUsd(pico), costSource: "local", price };
}

/** Whoever is listed with the model; of several nobody can tell which. */
function sellerOf(own: CheckedPriceList | null, model: string): string | undefined {
  const sellers = [...(own?.rates ?? [])].filter(([, models]) => models.has(nameOf(model)));
  return sellers.length === 0 ? findMaker(model) : sellers.length === 1 ? sellers[0]![0] : undefined;
}

/** The same call, had the provider had nothing in its prompt cache. */
const withoutCache = (usage: UsageRecord): UsageRecord => ({
  ...usage,
  ...{ cachedInputTokens: 0, cacheWriteTokens: 0, cacheWrite1hTokens: 0 },
});

interface Asked {
  readonly usage: UsageRecord;
  readonly provider: string;
  readonly tier: string;
  readonly at: number;
  readonly costOf: typeof costOfCall;
}

const nameOf = (name: string): string => name.trim().toLowerCase();

// Whoever lists a model has said all about it: what is missing there is not known.
function lists({ rates }: CheckedPriceList, { provider, usage }: Asked): boolean {
  return rates.get(nameOf(provider))?.has(nameOf(usage.model)) === true;
}

function priceOfList(
  { rates, version }: CheckedPriceList,
  { usage, provider, tier, costOf }: Asked,
): Priced | null {
  const model = nameOf(usage.model);
  const listed = rates.get(nameOf(provider))?.get(model)?.get(tier);
  const pico = listed === undefined ? null : costOf(usage, listed);
  if (pico === null) return null;
  return { pico, price: { source: "prices", version, provider: nameOf(provider), model, tier } };
}

function priceOfData(
  find: (provider: string, model: string) => PublishedModel | null,
  { usage, provider, tier, at, costOf }: Asked,
): Priced | null {
  const found = find(provider, usage.model);
  if (found === null) return null;
  const share = shareOfTier(found.provider, usage.model, tier);
  const rates = share === null ? null : found.ratesAt(at);
  const pico = share === null || rates === null ? null : costOf(usage, rates, share);
  if (pico === null) return null;
  const version = `${publishedVersion()}${tier === "standard" ? "" : `+tiers.${TIERS_VERSION}`}`;
  const { provider: seller, model } = found;
  return { pico, price: { source: "genai-prices", version, provider: seller, model, tier } };
}
