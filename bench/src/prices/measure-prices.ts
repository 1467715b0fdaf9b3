// What it takes to price a call of a model that has been priced before.
import { calcPrice } from "@pydantic/genai-prices";
import type { UsageRecord } from "@sheaf/core";
import { openPriceBook } from "@sheaf/ledger";
import { type Contestant, holdContest } from "../measure/contest.ts";
import { type Cost, costOf } from "../measure/cost.ts";
import { type Section, type SectionOptions, sayDrift } from "../show/section.ts";

/** A model near the beginning of the published data, and one with steps and dates near the end of its provider's. */
const MODELS = ["gpt-4o-mini", "gpt-5.6-sol"] as const;
const CALLS = 20_000;
const WAYS = { library: "genai-prices, calcPrice", sheaf: "Sheaf" } as const;

/** Measures Sheaf's prices beside those of the library that publishes the data. */
export async function measurePrices(options: SectionOptions): Promise<Section> {
  const yardstick = nameOf(WAYS.library, MODELS[0]);
  const contestants = [library(), sheaf()];
  const { standings, drift } = await holdContest({ contestants, yardstick, warmUps: 3 }, options);
  const rows = standings.map(({ name, cpuMs, cpuRatio }) => ({
    what: name,
    us: (cpuMs.median * 1_000) / CALLS,
    ratio: cpuRatio.median,
  }));
  const columns = [
    { key: "what", heading: "what" },
    { key: "us", heading: "CPU us a call", digits: 2 },
    { key: "ratio", heading: "ratio", digits: 2 },
  ];
  const notes = [`${CALLS.toLocaleString("en")} calls of each model.`, sayDrift(yardstick, drift)];
  return { tables: [{ title: "Prices: what it takes to price a call", columns, rows, notes }] };
}

const nameOf = (way: string, model: string): string => `${way}, ${model}`;

/** Prices calls of each model, none of which may be without a price. */
function contestant(way: string, usdOf: (model: string, inputTokens: number) => number): Contestant {
  return {
    name: way,
    async run() {
      const costs: Record<string, Cost> = {};
      for (const model of MODELS) {
        let usd = 0;
        costs[nameOf(way, model)] = await costOf(() => {
          for (let i = 1; i <= CALLS; i++) usd += usdOf(model, i);
        });
        if (!(usd > 0)) throw new Error(`${way} has no price for ${model}`);
      }
      return costs;
    },
  };
}

function library(): Contestant {
  return contestant(WAYS.library, (model, inputTokens) => {
    const usage = { input_tokens: inputTokens, output_tokens: 50 };
    return calcPrice(usage, model, { providerId: "openai" })!.total_price;
  });
}

function sheaf(): Contestant {
  const book = openPriceBook();
  const at = Date.now();
  return contestant(WAYS.sheaf, (model, inputTokens) => {
    const usage: UsageRecord = { provider: "openai", model, inputTokens, outputTokens: 50 };
    return book.priced(usage, at).costUsd!;
  });
}
