import { type Share, WHOLE } from "./cost-of-call.ts";

/** Changes with the table, so that a figure tells which one it was computed from. */
export const TIERS_VERSION = "1";

/**
 * What service tiers charge of the published price, by provider and by each name of the model. The published data have
 * no tiers, so a tier that is not here is a price that is not known.
 *
 * Source: the tiers of OpenAI's gpt-5 in Langfuse's default-model-prices.json, August 2026: flex half, priority double.
 */
const TIERS: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Share>>>>>> = {
  openai: shared(["gpt-5", "gpt-5-2025-08-07"], {
    flex: { of: 1n, by: 2n },
    priority: { of: 2n, by: 1n },
  }),
};

function shared<Entry>(names: readonly string[], entry: Entry): Readonly<Record<string, Entry>> {
  return Object.fromEntries(names.map((name) => [name, entry]));
}

/** How providers name the usual tier in their answers. */
const USUAL: readonly string[] = ["standard", "default"];

/** Returns the one name of a tier: "standard" for the usual one. */
export function tierName(serviceTier = "standard"): string {
  const tier = serviceTier.trim().toLowerCase();
  return USUAL.includes(tier) ? "standard" : tier;
}

/** Returns what a tier charges of the published price, or null where that is not known. */
export function shareOfTier(provider: string, model: string, tier: string): Share | null {
  if (tier === "standard") return WHOLE;
  const models = TIERS[provider];
  const name = model.trim().toLowerCase();
  if (models === undefined || !Object.hasOwn(models, name)) return null;
  return Object.hasOwn(models[name]!, tier) ? models[name]![tier]! : null;
}
