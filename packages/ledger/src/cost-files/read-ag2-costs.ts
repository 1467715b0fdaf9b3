// The rows that `exports/ag2-costs` writes, as programs on AG2 leave them: by Python, which writes NaN into JSON.
import { countOf, fieldsOf, nameOf } from "../wire/json-fields.ts";

/** What one row of a cost file says; null is what it does not say in a form that can be used. */
export interface CostRow {
  readonly model: string;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costUsd: number | null;
}

export interface CostFile {
  /** Without totals, and without rows of agents that used nothing. */
  readonly rows: readonly CostRow[];
  /** What is wrong with the file, a sentence each. */
  readonly problems: readonly string[];
}

/** Texts, which stay, and what Python writes for numbers that JSON has not. */
const TEXT_OR_NO_NUMBER = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** Reads a cost file. Never throws: what cannot be read is among the problems. */
export function readAg2Costs(text: string): CostFile {
  let told: unknown;
  try {
    told = JSON.parse(text.replace(TEXT_OR_NO_NUMBER, (found) => (found.startsWith('"') ? found : "null")));
  } catch (error) {
    return { rows: [], problems: [`It is not JSON: ${(error as Error).message}.`] };
  }
  if (!Array.isArray(told)) return { rows: [], problems: ["It is not a list of rows."] };
  const rows: CostRow[] = [];
  const problems: string[] = [];
  for (const [i, each] of told.entries()) {
    const fields = fieldsOf(each);
    const model = nameOf(fields.Model);
    if (fields.Agent === "Total" && model === undefined) continue;
    const what = { input: fields["Prompt Tokens"], output: fields["Completion Tokens"] };
    const inputTokens = countOf(what.input) ?? null;
    const outputTokens = countOf(what.output) ?? null;
    const isRow = "Prompt Tokens" in fields || "Completion Tokens" in fields || "Cost ($)" in fields;
    const costUsd = costOf(fields["Cost ($)"]);
    if (!isRow) problems.push(`Row ${i + 1} has neither tokens nor a cost.`);
    else if (costUsd === null && isTooMuch(fields["Cost ($)"]))
      problems.push(`Row ${i + 1} tells a cost of a million dollars or more, which is not believed.`);
    else if (inputTokens === null || outputTokens === null)
      problems.push(`Row ${i + 1} does not tell its tokens as whole numbers >= 0.`);
    if (!isRow || (inputTokens === 0 && outputTokens === 0 && (costUsd ?? 0) === 0)) continue;
    // AG2 writes 0 where it knows no price.
    const isPrice = costUsd !== null && costUsd > 0;
    rows.push({ model: model ?? "unknown", inputTokens, outputTokens, costUsd: isPrice ? costUsd : null });
  }
  return { rows, problems };
}

/** From there on the index takes no cost of a call either. */
const MOST_USD = 1e6;

const isTooMuch = (value: unknown): boolean => typeof value === "number" && value >= MOST_USD;

const costOf = (value: unknown): number | null =>
  typeof value === "number" && value >= 0 && value < MOST_USD ? value : null;
