import type {
  ALERT_PERCENTS,
  AlertReason,
  Budget,
  BudgetAlert,
  BudgetLeft,
  BudgetRefusal,
  RefusalReason,
} from "@sheaf/core";
import { picoToUsd, usdToPico } from "../money.ts";
import { type BudgetUnit, sayAmount, sayBudget, unitOf } from "./budget.ts";

/** How far a budget is used, and where that leads. Amounts are in the unit of its limit: USD, or tokens. */
export interface BudgetStanding extends BudgetLeft {
  /** Calls within the window of which it is not known what they used; they count nothing. */
  readonly unknownCalls: number;
  /** When a window of the calendar is over, in ms since 1970; null for others. */
  readonly until: number | null;
  /**
   * What will have been spent by then, at the pace of the window so far; null for windows without an end, and in the
   * first 24th of one, which tells too little of the pace.
   */
  readonly projection: number | null;
}

/** Amounts of an account, in pico-dollars or tokens. */
export interface Amounts {
  readonly limit: bigint;
  readonly spent: bigint;
  readonly held: bigint;
}

/** Returns an amount as reports have it. */
export const shownAmount = (unit: BudgetUnit, amount: bigint): number =>
  unit === "usd" ? picoToUsd(amount) : Number(amount);

/** Returns the amounts of an account as reports have them. */
export function shownAmounts(
  budget: Budget,
  { limit, spent, held }: Amounts,
): Pick<BudgetStanding, "limit" | "spent" | "held"> {
  const shown = (amount: bigint): number => shownAmount(unitOf(budget), amount);
  return { limit: shown(limit), spent: shown(spent), held: shown(held) };
}

/** Returns what is left of an account, as reports have it. */
export function shownLeft(budget: Budget, { limit, spent, held }: Amounts): number {
  const left = limit - spent - held;
  return shownAmount(unitOf(budget), left > 0n ? left : 0n);
}

const RAISE = "raise the budget where it was set (`sheaf budget set`, SHEAF_BUDGET or the option `budgets`)";
const PRICE_IT = "Give its model a price in the option `prices` (SHEAF_PRICES), 0 where it costs nothing";

interface Refused extends Amounts {
  readonly asked: bigint | null;
  readonly reason: RefusalReason;
  readonly until: number | null;
}

/** Returns a refusal with its sentence. */
export function refusalOf(budget: Budget, refused: Refused): BudgetRefusal {
  const { asked, reason, until } = refused;
  return {
    ...{ reason, budget, ...shownAmounts(budget, refused) },
    asked: asked === null ? null : shownAmount(unitOf(budget), asked),
    until,
    message: asked === null ? unpricedText(budget) : refusalText(budget, refused, asked),
  };
}

const unpricedText = (budget: Budget): string =>
  `Nobody knows what this call costs, so a budget of ${sayBudget(budget)} cannot be held to. ${PRICE_IT}, or set the budget in tokens.`;

function refusalText(budget: Budget, { limit, spent, held, reason, until }: Refused, asked: bigint): string {
  const say = (amount: bigint): string => sayAmount(unitOf(budget), amount);
  const figures = `This call may use ${say(asked)}. Of the budget of ${sayBudget(budget)}, ${say(spent)} is spent and ${say(held)} is held for calls under way.`;
  if (reason === "held") return `${figures} Try again when these are over.`;
  if (asked > limit) return `${figures} Bound the length of its answer, or ${RAISE}.`;
  if (until === null) return `${figures} To go on, ${RAISE}.`;
  return `${figures} Wait until ${timeText(until)}, or ${RAISE}.`;
}

/** Says a time as "1970-01-01 00:00 UTC". */
const timeText = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** Says that nothing is left of a budget. */
export function spentOutText({ budget, spent, until }: BudgetStanding): string {
  const amount = unitOf(budget) === "usd" ? usdToPico(spent) : BigInt(spent);
  const wait = until === null ? `To go on, ${RAISE}` : `Wait until ${timeText(until)}, or ${RAISE}`;
  return `The budget of ${sayBudget(budget)} is used up: ${sayAmount(unitOf(budget), amount)} is spent. ${wait}.`;
}

/** Returns an alert with its sentence. */
export function alertOf(budget: Budget, about: AlertTopic, amounts: Amounts): BudgetAlert {
  const isShare = typeof about === "number";
  return {
    ...{ reason: isShare ? "spent" : about, percent: isShare ? about : null },
    ...{ budget, ...shownAmounts(budget, amounts), message: alertText(budget, about, amounts) },
  };
}

export type AlertTopic = (typeof ALERT_PERCENTS)[number] | Exclude<AlertReason, "spent">;

function alertText(budget: Budget, about: AlertTopic, { spent }: Amounts): string {
  const name = `the budget of ${sayBudget(budget)}`;
  if (about === "unbounded") {
    return `Nothing bounds the answer, or the input, of a call that counts against ${name}, which may be overshot by what such calls use beyond what is held for them. Bound answers (max_tokens), and send the whole input instead of what the server has kept (previous_response_id), to have it held to.`;
  }
  if (about === "unknown") {
    const unknown = unitOf(budget) === "usd" ? `costs. ${PRICE_IT}` : "used. Have its tokens recorded";
    return `A call counts nothing against ${name}, as nobody knows what it ${unknown}.`;
  }
  return `${about} % of ${name} is spent: ${sayAmount(unitOf(budget), spent)}.`;
}
