import { type CostSource, SheafError, type UsageRecord } from "@sheaf/core";

type Fields = Readonly<Record<string, unknown>>;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

function refuse(field: string, expected: string, got: unknown): never {
  throw new SheafError("USAGE_INVALID", { field, expected, got });
}

function name(field: string, value: unknown): string {
  return typeof value === "string" && value.trim() !== ""
    ? value
    : refuse(field, "a text that says who", value);
}

function count(field: string, value: unknown): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) {
    return value as number | undefined;
  }
  return refuse(field, "a whole number >= 0", value);
}

function amount(field: string, value: unknown): number | undefined {
  if (value === undefined || (Number.isFinite(value) && (value as number) >= 0)) {
    return value as number | undefined;
  }
  return refuse(field, "a finite number >= 0, or absent where the price is not known", value);
}

const COUNTS = [
  "inputTokens",
  "cachedInputTokens",
  "cacheWriteTokens",
  "cacheWrite1hTokens",
  "outputTokens",
  "reasoningTokens",
  "audioInputTokens",
  "audioOutputTokens",
  "webSearches",
] as const;

// `local` is not among them: what was computed here names its price, and no agent can know that.
const TELLERS: readonly CostSource[] = ["provider", "caller"];

function teller(field: string, value: unknown, costUsd: number | undefined): CostSource | undefined {
  if (value === undefined) return undefined;
  const known = TELLERS.find((each) => each === value);
  if (costUsd !== undefined && known !== undefined) return known;
  return refuse(field, `${TELLERS.join(" or ")}, and absent where \`costUsd\` is`, value);
}

function checkPart(record: UsageRecord, part: keyof UsageRecord, whole: keyof UsageRecord): void {
  const most = record[whole] ?? 0;
  if ((record[part] ?? 0) > most) {
    refuse(part, `at most ${most}, which is \`${whole}\` and includes it`, record[part]);
  }
}

/**
 * Returns what an agent says that a model call used, as a frozen copy with the known fields alone.
 *
 * @throws SheafError USAGE_INVALID when the model has no name, a count is no whole number >= 0, the cost is negative
 * or not finite, or parts (cached, reasoning, sound) are larger than what they are parts of.
 */
export function checkUsage(record: unknown): UsageRecord {
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    return refuse("record", "an object with the field `model`", record);
  }
  const fields = record as Fields;
  const checked: Writable<UsageRecord> = { model: name("model", fields.model) };
  for (const field of ["provider", "serviceTier"] as const) {
    if (fields[field] !== undefined) checked[field] = name(field, fields[field]);
  }
  for (const field of COUNTS) {
    const value = count(field, fields[field]);
    if (value !== undefined) checked[field] = value;
  }
  const costUsd = amount("costUsd", fields.costUsd);
  if (costUsd !== undefined) checked.costUsd = costUsd;
  const costSource = teller("costSource", fields.costSource, costUsd);
  if (costSource !== undefined) checked.costSource = costSource;
  checkParts(checked);
  return Object.freeze(checked);
}

function checkParts(record: UsageRecord): void {
  checkPart(record, "cachedInputTokens", "inputTokens");
  checkPart(record, "cacheWriteTokens", "inputTokens");
  checkPart(record, "cacheWrite1hTokens", "cacheWriteTokens");
  checkPart(record, "reasoningTokens", "outputTokens");
  checkPart(record, "audioInputTokens", "inputTokens");
  checkPart(record, "audioOutputTokens", "outputTokens");
  const { inputTokens = 0, cachedInputTokens = 0, cacheWriteTokens = 0 } = record;
  const left = inputTokens - cachedInputTokens;
  if (cacheWriteTokens > left) {
    refuse(
      "cacheWriteTokens",
      `at most ${left}, which is \`inputTokens\` less what was cached`,
      cacheWriteTokens,
    );
  }
}
