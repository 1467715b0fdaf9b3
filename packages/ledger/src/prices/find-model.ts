import type { MatchLogic, ModelInfo } from "@pydantic/genai-prices";

/**
 * What may follow the name of a model without making it another one: "latest", a date, or the number of a revision.
 * A date that starts differently is no date.
 */
const SNAPSHOT = /[-@](?:latest|20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])|\d{3})$/;

/** Returns whether a name is that of a model, or that name with a snapshot behind it. */
export const isSnapshot = (name: string, model: string): boolean =>
  name === model || name.replace(SNAPSHOT, "") === model;

/**
 * Finds a model by its whole name: one under which the price data has it, or such a name with a snapshot behind it,
 * where the data say of that one, too, that it is this model.
 *
 * The data's own rules are not enough: where they say "begins with" or "contains", any longer name is taken for the
 * same model.
 */
export function findModel(models: readonly ModelInfo[], model: string): ModelInfo | null {
  const name = model.trim().toLowerCase();
  const named = models.find(({ id, match }) => id.toLowerCase() === name || isNamed(match, name));
  if (named !== undefined) return named;
  const alike = models.find(({ match }) => matches(match, name));
  if (alike === undefined) return null;
  const words = [alike.id.toLowerCase(), ...wordsOf(alike.match)];
  return words.some((word) => isSnapshot(name, word)) ? alike : null;
}

/** Tells whether the name is one that the rule gives in full. */
function isNamed(rule: MatchLogic, name: string): boolean {
  if ("or" in rule) return rule.or.some((each) => isNamed(each, name));
  return "equals" in rule && rule.equals.toLowerCase() === name;
}

function wordsOf(rule: MatchLogic): readonly string[] {
  if ("or" in rule) return rule.or.flatMap(wordsOf);
  if ("equals" in rule) return [rule.equals.toLowerCase()];
  if ("starts_with" in rule) return [rule.starts_with.toLowerCase()];
  if ("ends_with" in rule) return [rule.ends_with.toLowerCase()];
  return "contains" in rule ? [rule.contains.toLowerCase()] : [];
}

function matches(rule: MatchLogic, name: string): boolean {
  if ("or" in rule) return rule.or.some((each) => matches(each, name));
  if ("and" in rule) return rule.and.every((each) => matches(each, name));
  if ("equals" in rule) return name === rule.equals.toLowerCase();
  if ("starts_with" in rule) return name.startsWith(rule.starts_with.toLowerCase());
  if ("ends_with" in rule) return name.endsWith(rule.ends_with.toLowerCase());
  if ("contains" in rule) return name.includes(rule.contains.toLowerCase());
  return new RegExp(rule.regex).test(name);
}
