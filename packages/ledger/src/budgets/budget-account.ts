import { ALERT_PERCENTS, type Budget, type BudgetAlert, type BudgetRefusal } from "@sheaf/core";
import { DAY_MS } from "../calendar.ts";
import { type BudgetUnit, limitOf, unitOf } from "./budget.ts";
import {
  type AlertTopic,
  type Amounts,
  alertOf,
  type BudgetStanding,
  refusalOf,
  shownAmount,
  shownAmounts,
  shownLeft,
} from "./budget-report.ts";
import { windowEnd, windowStart } from "./budget-window.ts";
import type { CallAmounts } from "./counted-call.ts";
import { MinuteSums } from "./minute-sums.ts";

/** Until so great a part of a window has passed, it tells too little of the pace. */
const PACE_PART = 24n;

/** What is spent of one budget, and what is held of it. Times are in ms since 1970 and never go back. */
export class BudgetAccount {
  readonly budget: Budget;
  readonly #unit: BudgetUnit;
  readonly #limit: bigint;
  readonly #spent = new MinuteSums();
  readonly #unknown = new MinuteSums();
  /** When each alert was last given. */
  readonly #told = new Map<AlertTopic, number>();
  #held = 0n;

  constructor(budget: Budget) {
    this.budget = budget;
    this.#unit = unitOf(budget);
    this.#limit = limitOf(budget);
  }

  /** Returns what the budget counts of a call; null where that is not known. */
  amountOf({ pico, tokens }: CallAmounts): bigint | null {
    if (this.#unit === "usd") return pico;
    return tokens === null ? null : BigInt(tokens);
  }

  /** Returns why so much cannot be set aside, or null where it can. */
  refusal(asked: bigint | null, now: number): BudgetRefusal | null {
    const amounts = this.#amounts(now);
    const { limit, spent, held } = amounts;
    const refuse = (reason: BudgetRefusal["reason"], until: number | null): BudgetRefusal =>
      refusalOf(this.budget, { ...amounts, asked, reason, until });
    if (asked === null) return refuse("unpriced", null);
    if (spent + asked > limit) return refuse("spent", this.#roomFor(asked, now));
    return spent + held + asked > limit ? refuse("held", null) : null;
  }

  hold(amount: bigint): void {
    this.#held += amount;
  }

  release(amount: bigint): void {
    this.#held -= amount;
  }

  /** Books what a call has used; null where that is not known. */
  spend(amount: bigint | null, at: number): void {
    if (amount === null) this.#unknown.add(at, 1n);
    else this.#spent.add(at, amount);
  }

  /** Returns the alerts that are due, each once within a window, and takes them as given. */
  alerts(now: number, isUnbounded = false): readonly BudgetAlert[] {
    const amounts = this.#amounts(now);
    const topics: AlertTopic[] = ALERT_PERCENTS.filter(
      (percent) => amounts.spent * 100n >= amounts.limit * BigInt(percent),
    );
    if (isUnbounded) topics.push("unbounded");
    if (this.#unknown.total > 0n) topics.push("unknown");
    const start = windowStart(this.budget.window, now);
    const due = topics.filter((topic) => {
      const told = this.#told.get(topic);
      return told === undefined || told < start;
    });
    for (const topic of due) this.#told.set(topic, now);
    return due.map((topic) => alertOf(this.budget, topic, amounts));
  }

  standing(now: number): BudgetStanding {
    const amounts = this.#amounts(now);
    const { budget } = this;
    return {
      ...{ budget, ...shownAmounts(budget, amounts), left: shownLeft(budget, amounts) },
      unknownCalls: Number(this.#unknown.total),
      until: windowEnd(budget.window, now),
      projection: this.#projection(amounts.spent, now),
    };
  }

  #amounts(now: number): Amounts {
    const start = windowStart(this.budget.window, now);
    this.#spent.forgetBefore(start);
    this.#unknown.forgetBefore(start);
    return { limit: this.#limit, spent: this.#spent.total, held: this.#held };
  }

  #roomFor(asked: bigint, now: number): number | null {
    if (asked > this.#limit) return null;
    if (this.budget.window === "24h") return this.#spent.startLeaving(this.#limit - asked) + DAY_MS;
    return windowEnd(this.budget.window, now);
  }

  #projection(spent: bigint, now: number): number | null {
    const end = windowEnd(this.budget.window, now);
    if (end === null) return null;
    const start = windowStart(this.budget.window, now);
    const passed = BigInt(Math.floor(now - start));
    const whole = BigInt(end - start);
    return passed * PACE_PART < whole ? null : shownAmount(this.#unit, (spent * whole) / passed);
  }
}
