import { SheafError, type UsageRecord } from "@sheaf/core";

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
 * or not finite, or a part (cached, reasoning) is larger than what it is a part of.
 */
export function checkUsage(record: unknown): UsageRecord {
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    return refuse("record", "an object with the field `model`", record);
  }
  const fields = record as Fields;
  const checked: Writable<UsageRecord> = { model: name("model", fields.model) };
  const { provider } = fields;
  if (provider !== undefined) checked.provider = name("provider", provider);
  for (const field of ["inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens"] as const) {
    const value = count(field, fields[field]);
    if (value !== undefined) checked[field] = value;
  }
  const costUsd = amount("costUsd", fields.costUsd);
  if (costUsd !== undefined) checked.costUsd = costUsd;
  checkPart(checked, "cachedInputTokens", "inputTokens");
  checkPart(checked, "reasoningTokens", "outputTokens");
  return Object.freeze(checked);
}
