import { BUDGET_WINDOWS, type Budget, type BudgetWindow, show } from "@sheaf/core";
import { formatUsd, usdToPico } from "../money.ts";
import type { CallHeadings } from "./counted-call.ts";

export type BudgetUnit = "usd" | "tokens";

const FIELDS: readonly string[] = ["limit", "window", "route", "tag"];
const LIMIT_EXPECTED = "`limit` to be { usd: a number > 0 } or { tokens: a whole number > 0 }";

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns what is wrong with a budget, as what was expected and what is there; undefined where nothing is. */
export function budgetProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return `expected an object with \`limit\` and \`window\`, got ${show(value)}`;
  const stranger = Object.keys(value).find((key) => !FIELDS.includes(key));
  if (stranger !== undefined) return `expected only ${FIELDS.join(", ")}, got ${show(stranger)}`;
  const { limit, window, route, tag } = value;
  if (!isLimit(limit)) return `expected ${LIMIT_EXPECTED}, got ${show(limit)}`;
  if (!BUDGET_WINDOWS.some((known) => known === window)) {
    return `expected \`window\` to be one of ${BUDGET_WINDOWS.join(", ")}, got ${show(window)}`;
  }
  for (const [name, heading] of Object.entries({ route, tag })) {
    if (heading !== undefined && (typeof heading !== "string" || heading.trim() === "")) {
      return `expected \`${name}\` to be a text, got ${show(heading)}`;
    }
  }
  if (route !== undefined && tag !== undefined) return "expected `route` or `tag`, got both";
  return undefined;
}

function isLimit(value: unknown): boolean {
  if (!isRecord(value) || Object.keys(value).length !== 1) return false;
  const { usd, tokens } = value;
  if (tokens !== undefined) return Number.isSafeInteger(tokens) && (tokens as number) > 0;
  // What is less than a pico-dollar would be a limit of nothing.
  return Number.isFinite(usd) && (usd as number) > 0 && usdToPico(usd as number) > 0n;
}

export const unitOf = ({ limit }: Budget): BudgetUnit => ("usd" in limit ? "usd" : "tokens");

/** Returns the limit, in pico-dollars or in tokens. */
export const limitOf = ({ limit }: Budget): bigint =>
  "usd" in limit ? usdToPico(limit.usd) : BigInt(limit.tokens);

/** Tells whether two budgets are about the same: a later one takes the place of an earlier one. */
export const isSameBudget = (a: Budget, b: Budget): boolean =>
  unitOf(a) === unitOf(b) && a.window === b.window && a.route === b.route && a.tag === b.tag;

/** Tells whether a call under these headings counts against a budget. */
export const coversCall = ({ route, tag }: Budget, call: CallHeadings): boolean =>
  (route === undefined || route === call.route) && (tag === undefined || call.tags.includes(tag));

/** Shows an amount of this unit. @example sayAmount("tokens", 5n) // "5 tokens" */
export const sayAmount = (unit: BudgetUnit, amount: bigint): string =>
  unit === "usd" ? formatUsd(amount) : `${amount} ${amount === 1n ? "token" : "tokens"}`;

const A_WINDOW: Readonly<Record<BudgetWindow, string>> = {
  run: "a run",
  day: "a day",
  "24h": "in 24 hours",
  month: "a month",
};

/** Names a budget. @example sayBudget({ limit: { usd: 5 }, window: "month" }) // "$5.00 a month" */
export function sayBudget(budget: Budget): string {
  const { window, route, tag } = budget;
  const heading =
    route !== undefined ? ` for the route ${route}` : tag !== undefined ? ` for the tag ${tag}` : "";
  return `${sayAmount(unitOf(budget), limitOf(budget))} ${A_WINDOW[window]}${heading}`;
}
