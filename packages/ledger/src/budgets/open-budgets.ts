// Keeps model calls within budgets: sets aside what a call may use before it is made, and puts what it has used in the
// place of that when it is over.
//
// Owns:     the holds of calls that are under way, and what is spent within each window.
// Does not: keep anything on the disk; know prices; start, stop or wait for anything.
//
// Invariants:
//   B1. What is spent and held together never exceeds a limit, as long as no call uses more than its hold and all that
//       is booked was held.
//   B2. A call counts at the time when what it used is known; until then its hold counts in every window.
//   B3. A hold counts against all budgets that cover the call, or none; it ends once.
//   B4. What cannot be held to is said: a call without a price is refused where a budget is in USD; an answer without
//       a bound is let through, with a hold, and an alert.
//   B5. Time never goes back: a clock that is set back opens no window again.
import type { Clock } from "@sheaf/core";
import type { Budget } from "./budget.ts";
import { BudgetAccount } from "./budget-account.ts";
import type { BudgetAlert, BudgetRefusal, BudgetStanding, RefusalReason } from "./budget-report.ts";
import type { CallHold } from "./hold-of-call.ts";

/** Under which headings a call is made. */
export interface CallHeadings {
  readonly route: string;
  /** Tags of its task. */
  readonly tags: readonly string[];
}

/** What a call has used; null where that is not known. */
export interface CallAmounts {
  readonly pico: bigint | null;
  /** In and out. */
  readonly tokens: number | null;
}

/** A call of the past. */
export interface SpentCall extends CallHeadings, CallAmounts {
  /** When it was booked, in ms since 1970. */
  readonly at: number;
}

export interface BudgetsOptions {
  readonly budgets: readonly Budget[];
  /** What earlier runs have spent; of windows "run" nothing counts. @default none */
  readonly spent?: Iterable<SpentCall>;
  /** What earlier sessions of this run have spent; not among `spent`. @default none */
  readonly spentByRun?: Iterable<SpentCall>;
  readonly clock: Pick<Clock, "now">;
  /** Is told when 75, 90 and 100 % of a budget are spent, and what it cannot be held to, each once a window. */
  readonly onAlert?: (alert: BudgetAlert) => void;
}

/** What is set aside for a call. */
export interface BudgetHold extends CallHeadings, CallHold {}

export type Reservation =
  | { readonly hold: BudgetHold; readonly refusal: null }
  | { readonly hold: null; readonly refusal: BudgetRefusal };

export interface Budgets {
  /** Sets aside what a call may use, in all budgets that cover it; or says which one has no room for it. */
  reserve(call: BudgetHold): Reservation;
  /**
   * Ends a hold by what the call has used; where that is not known, the hold counts as used. A hold that has ended
   * already changes nothing.
   */
  settle(hold: BudgetHold, used: CallAmounts): void;
  /** Ends the hold of a call that has used nothing. A hold that has ended already changes nothing. */
  release(hold: BudgetHold): void;
  /** Books a call that nothing was set aside for. */
  book(call: CallHeadings & CallAmounts): void;
  /** How far each budget is used, in the order in which they were given. */
  standing(): readonly BudgetStanding[];
}

/** Opens the budgets of a run. What earlier runs had been told of their alerts is not told again. */
export function openBudgets(options: BudgetsOptions): Budgets {
  const { budgets, spent = [], spentByRun = [], clock, onAlert = () => {} } = options;
  const accounts = budgets.map((budget) => new BudgetAccount(budget));
  const open = new Set<BudgetHold>();
  let latest = Number.NEGATIVE_INFINITY;
  const now = (): number => {
    latest = Math.max(latest, clock.now());
    return latest;
  };
  const covering = (call: CallHeadings): readonly BudgetAccount[] =>
    accounts.filter((account) => account.covers(call));
  const tell = (told: readonly BudgetAccount[], isUnbounded = false): void => {
    for (const alert of told.flatMap((account) => account.alerts(latest, isUnbounded))) onAlert(alert);
  };
  enterPast(accounts, spent, spentByRun);
  for (const account of accounts) account.alerts(now());

  return {
    reserve(call) {
      const covered = covering(call);
      const at = now();
      const refusals = covered.flatMap((account) => account.refusal(heldOf(account, call), at) ?? []);
      const [refusal] = refusals.sort(longestFirst);
      if (refusal !== undefined) return { hold: null, refusal };
      const hold = { ...call };
      open.add(hold);
      for (const account of covered) account.hold(heldOf(account, hold)!);
      if (!call.isBounded) tell(covered, true);
      return { hold, refusal: null };
    },
    settle(hold, used) {
      if (!open.delete(hold)) return;
      const covered = covering(hold);
      const at = now();
      for (const account of covered) {
        const held = heldOf(account, hold)!;
        account.release(held);
        account.spend(account.amountOf(used) ?? held, at);
      }
      tell(covered);
    },
    release(hold) {
      if (!open.delete(hold)) return;
      for (const account of covering(hold)) account.release(heldOf(account, hold)!);
    },
    book(call) {
      const covered = covering(call);
      const at = now();
      for (const account of covered) account.spend(account.amountOf(call), at);
      tell(covered);
    },
    standing() {
      const at = now();
      return accounts.map((account) => account.standing(at));
    },
  };
}

const heldOf = (account: BudgetAccount, { holdPico, holdTokens }: CallHold): bigint | null =>
  account.amountOf({ pico: holdPico, tokens: holdTokens });

function enterPast(
  accounts: readonly BudgetAccount[],
  spent: Iterable<SpentCall>,
  spentByRun: Iterable<SpentCall>,
): void {
  const past = [
    ...Array.from(spent, (call) => ({ call, byRun: false })),
    ...Array.from(spentByRun, (call) => ({ call, byRun: true })),
  ].sort((a, b) => a.call.at - b.call.at);
  for (const { call, byRun } of past) {
    for (const account of accounts) {
      if (!account.covers(call) || (account.budget.window === "run" && !byRun)) continue;
      account.spend(account.amountOf(call), call.at);
    }
  }
}

const GRAVITY: Readonly<Record<RefusalReason, number>> = { held: 0, spent: 1, unpriced: 2 };

// What helps against the refusal that lasts longest is what the caller must know.
function longestFirst(a: BudgetRefusal, b: BudgetRefusal): number {
  const endOf = ({ until }: BudgetRefusal): number => until ?? Number.MAX_SAFE_INTEGER;
  return GRAVITY[b.reason] - GRAVITY[a.reason] || endOf(b) - endOf(a);
}
