/** What a budget counts over: one run, a day or a month of the calendar in UTC, or the last 24 hours. */
export const BUDGET_WINDOWS = ["run", "day", "24h", "month"] as const;
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

export type BudgetLimit = { readonly usd: number } | { readonly tokens: number };

/** What model calls may use within a window: all of them, those under one route, or those of tasks with one tag. */
export interface Budget {
  /** More than 0. Tokens are those of questions and answers together, cached ones included. */
  readonly limit: BudgetLimit;
  readonly window: BudgetWindow;
  readonly route?: string;
  readonly tag?: string;
}

/** How far a budget is used. Amounts are in the unit of its limit: USD, or tokens. */
export interface BudgetUse {
  readonly budget: Budget;
  readonly limit: number;
  readonly spent: number;
  /** Set aside for calls that are under way. */
  readonly held: number;
}

/** How much of a budget is left. */
export interface BudgetLeft extends BudgetUse {
  /** What calls that are made now may use: the limit less what is spent and held, never below 0. */
  readonly left: number;
}

/**
 * Why a call may not be made. `unpriced`: nobody knows what it costs. `spent`: what it may use is more than is left of
 * the window. `held`: it may be made if calls that are under way use less than was set aside for them.
 */
export type RefusalReason = "unpriced" | "spent" | "held";

export interface BudgetRefusal extends BudgetUse {
  readonly reason: RefusalReason;
  /** What the call may use; null where that is not known. */
  readonly asked: number | null;
  /** When there is room again for a call that is refused as `spent`, in ms since 1970; null: never without more. */
  readonly until: number | null;
  /** For people: what is the matter, and what to do. */
  readonly message: string;
}

export const ALERT_PERCENTS = [75, 90, 100] as const;

/**
 * What somebody should know of a budget. `spent`: so much of it is used. `unbounded`: a call was let through of which
 * nothing bounds the answer, or the input. `unknown`: a call is over of which it is not known what it used.
 */
export type AlertReason = "spent" | "unbounded" | "unknown";

export interface BudgetAlert extends BudgetUse {
  readonly reason: AlertReason;
  /** Of the limit, for `spent`; else null. */
  readonly percent: (typeof ALERT_PERCENTS)[number] | null;
  readonly message: string;
}
