import { type BudgetStanding, sayAmount, sayBudget, unitOf, usdToPico } from "@sheaf/ledger";
import { alignColumns } from "./align-columns.ts";
import { shownName } from "./costs-text.ts";
import { counted } from "./counted.ts";

/** How far a budget is used, as far as journals tell; null where they do not. */
export interface BudgetRow extends Pick<BudgetStanding, "budget" | "limit" | "until" | "projection"> {
  readonly spent: number | null;
  readonly unknownCalls: number | null;
  /** Where it was set. */
  readonly from: "directory" | "SHEAF_BUDGET";
}

/** Returns one line for each budget, and one above them. */
export function budgetTable(rows: readonly BudgetRow[]): readonly string[] {
  const hasUnknown = rows.some(({ unknownCalls }) => (unknownCalls ?? 0) > 0);
  const head = ["budget", "spent", "of it", "projection", ...(hasUnknown ? ["not counted"] : [])];
  return alignColumns([head, ...rows.map(row)], { right: [1, 2] });
}

const KIND_OF_UNKNOWN = { usd: "unpriced call", tokens: "call of unknown size" } as const;

function row({ budget, limit, until, projection, spent, unknownCalls, from }: BudgetRow): readonly string[] {
  const unit = unitOf(budget);
  const say = (amount: number): string =>
    sayAmount(unit, unit === "usd" ? usdToPico(amount) : BigInt(Math.round(amount)));
  const name = shownName(sayBudget(budget)) + (from === "SHEAF_BUDGET" ? " (SHEAF_BUDGET)" : "");
  if (spent === null) return [name, "-", "-", "-"];
  const unknown = (unknownCalls ?? 0) === 0 ? [] : [counted(unknownCalls!, KIND_OF_UNKNOWN[unit])];
  const end = until === null ? "" : ` by ${new Date(until).toISOString().slice(0, 10)}`;
  return [
    name,
    say(spent),
    `${Math.floor((100 * spent) / limit)} %`,
    projection === null ? "-" : `${say(projection)}${end}`,
    ...unknown,
  ];
}
