// Budgets as people write them in a variable or on a command line.
import type { BudgetLimit } from "@sheaf/core";

/** What a limit must be, in words that follow "Expected `x` to be". */
export const LIMIT_TEXT = "an amount such as 5usd or 200000tokens, more than 0";

/** Reads "5usd" or "200000tokens"; undefined where it is neither. It may still be 0. */
export function parseLimit(text: string): BudgetLimit | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(usd|tokens?)$/i.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  return unit!.toLowerCase() === "usd" ? { usd: Number(number) } : { tokens: Number(number) };
}

const BUDGET = /^([^/:]+)(?:\/([^:]+))?(?::(route|tag)=(.+))?$/;

/**
 * Reads budgets that are separated by commas; returns the text where it is none.
 *
 * @example parseBudgets("2usd/day:tag=gpu") // [{ limit: { usd: 2 }, window: "day", tag: "gpu" }]
 */
export function parseBudgets(text: string): unknown {
  const budgets = text.split(",").map((part) => {
    const [, amount = "", window = "run", heading, name] = BUDGET.exec(part.trim()) ?? [];
    const limit = parseLimit(amount);
    const more = heading === undefined ? {} : { [heading]: name!.trim() };
    return limit === undefined ? undefined : { limit, window: window.trim(), ...more };
  });
  return budgets.includes(undefined) ? text : budgets;
}
