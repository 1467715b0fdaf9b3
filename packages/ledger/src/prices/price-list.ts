// The user's own prices: a JSON file or an object, by provider and model, in USD for a million tokens.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { SheafError } from "@sheaf/core";
import { usdToPico } from "../money.ts";
import { flatRate, type Rates } from "./cost-of-call.ts";

type PriceName = keyof Rates;
const PRICES: readonly PriceName[] = [
  "input",
  "cachedInput",
  "cacheWrite",
  "cacheWrite1h",
  "output",
  "reasoning",
  "request",
];
const TIERS = ["batch", "flex", "priority"] as const;

/** What a model charges: USD for a million tokens of each kind, and USD for a call beside them (`request`). */
export type ListedPrices = { readonly [K in PriceName]?: number };

/** Prices of a model, and those of other service tiers where they are known. */
export type ListedModel = ListedPrices & { readonly [K in (typeof TIERS)[number]]?: ListedPrices };

/** The user's own prices, by provider and model. */
export type PriceList = Readonly<Record<string, Readonly<Record<string, ListedModel>>>>;

/** A list that has been checked. */
export interface CheckedPriceList {
  /** Beginning of the sha256 of what it says. */
  readonly version: string;
  /** What a model charges, by provider, model and tier, names in small letters. */
  readonly rates: ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, Rates>>>;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks a price list, or reads it from a file.
 *
 * @throws SheafError OPTION_INVALID naming the file or the price, what it must be and what it is.
 */
export function readPriceList(prices: string | PriceList): CheckedPriceList {
  const list = typeof prices === "string" ? readList(resolve(prices)) : prices;
  const where = typeof prices === "string" ? ` (in ${resolve(prices)})` : "";
  const refuse: Refuse = (path, expected, got) => {
    throw new SheafError("OPTION_INVALID", {
      option: ["prices", ...path].join("."),
      expected: `${expected}${where}`,
      got,
    });
  };
  const rates = byName(list, { path: [], refuse, what: "an object of providers" }, (models, provider) =>
    byName(models, { path: [provider], refuse, what: "an object of models" }, (model, name) =>
      tiersOf(model, [provider, name], refuse),
    ),
  );
  return { rates, version: createHash("sha256").update(JSON.stringify(list)).digest("hex").slice(0, 12) };
}

type Refuse = (path: readonly string[], expected: string, got: unknown) => never;

function readList(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const problem = (error as Error).message;
    const expected = `the path of a JSON file with prices by provider and model (also SHEAF_PRICES; ${problem})`;
    throw new SheafError("OPTION_INVALID", { option: "prices", expected, got: path });
  }
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

interface Place {
  readonly path: readonly string[];
  readonly what: string;
  readonly refuse: Refuse;
}

function byName<Entry>(
  value: unknown,
  { path, what, refuse }: Place,
  read: (entry: unknown, name: string) => Entry,
): ReadonlyMap<string, Entry> {
  if (!isRecord(value)) return refuse(path, what, value);
  const entries = new Map<string, Entry>();
  for (const [name, entry] of Object.entries(value)) {
    const key = name.trim().toLowerCase();
    if (entries.has(key))
      refuse([...path, name], "there once, as large and small letters are the same", entry);
    entries.set(key, read(entry, name));
  }
  return entries;
}

function tiersOf(model: unknown, path: readonly string[], refuse: Refuse): ReadonlyMap<string, Rates> {
  const tiers = new Map<string, Rates>();
  if (!isRecord(model)) return refuse(path, "an object of prices", model);
  const own = Object.entries(model).filter(([name]) => !TIERS.some((tier) => tier === name));
  const given = Object.entries(model).filter(([name]) => TIERS.some((tier) => tier === name));
  if (own.length > 0 || given.length === 0) {
    tiers.set(
      "standard",
      ratesOf(Object.fromEntries(own), { path, refuse, what: [...PRICES, ...TIERS].join(", ") }),
    );
  }
  for (const [tier, prices] of given) {
    if (!isRecord(prices)) return refuse([...path, tier], "an object of prices", prices);
    tiers.set(tier, ratesOf(prices, { path: [...path, tier], refuse, what: PRICES.join(", ") }));
  }
  return tiers;
}

function ratesOf(prices: Fields, { path, what, refuse }: Place): Rates {
  const rates: { -readonly [K in keyof Rates]: Rates[K] } = {};
  if (Object.keys(prices).length === 0) return refuse(path, `an object with at least one of ${what}`, prices);
  for (const [name, usd] of Object.entries(prices)) {
    const price = PRICES.find((each) => each === name);
    if (price === undefined) return refuse([...path, name], `one of ${what}`, usd);
    if (typeof usd !== "number" || !Number.isFinite(usd) || usd < 0) {
      const unit = price === "request" ? "a call" : "a million tokens";
      return refuse([...path, name], `a number of USD for ${unit}, 0 or more`, usd);
    }
    if (price === "request") rates.request = usdToPico(usd);
    else rates[price] = flatRate(usd);
  }
  return rates;
}
