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
//   B6. All of that holds for the runs of a circle together, in windows that outlast a run.
import type { Budget, BudgetAlert, BudgetRefusal, Clock, RefusalReason } from "@sheaf/core";
import { coversCall } from "./budget.ts";
import { BudgetAccount } from "./budget-account.ts";
import { BudgetCircle, type CircleMember } from "./budget-circle.ts";
import type { BudgetStanding } from "./budget-report.ts";
import type { BudgetHold, CallAmounts, CallHeadings } from "./counted-call.ts";
import type { CallHold } from "./hold-of-call.ts";

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
  /** Runs that count against the same windows, to be joined. @default none */
  readonly circle?: BudgetCircle;
  /** What the run is called there. @default "" */
  readonly name?: string;
  /** Puts what was booked where a run that joins the circle reads it. @default () => {} */
  readonly flush?: () => void;
  /** Is told when 75, 90 and 100 % of a budget are spent, and what it cannot be held to, each once a window. */
  readonly onAlert?: (alert: BudgetAlert) => void;
}

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
  /** Leaves the circle. What is held is released, what is spent stays. */
  close(): void;
}

/** Opens the budgets of a run. What earlier runs had been told of their alerts is not told again. */
export function openBudgets(options: BudgetsOptions): Budgets {
  return new OpenBudgets(options);
}

class OpenBudgets implements Budgets {
  readonly #accounts: readonly BudgetAccount[];
  readonly #clock: Pick<Clock, "now">;
  readonly #onAlert: (alert: BudgetAlert) => void;
  readonly #circle: BudgetCircle;
  readonly #seat: CircleMember;
  /** Its own holds. */
  readonly #open = new Set<BudgetHold>();
  #latest = Number.NEGATIVE_INFINITY;

  constructor({ budgets, clock, onAlert = () => {}, circle = new BudgetCircle(), ...past }: BudgetsOptions) {
    const { spent = [], spentByRun = [], name = "", flush = () => {} } = past;
    this.#accounts = budgets.map((budget) => new BudgetAccount(budget));
    this.#clock = clock;
    this.#onAlert = onAlert;
    this.#circle = circle;
    enterPast(this.#accounts, spent, spentByRun);
    const now = this.#now();
    for (const account of this.#accounts) account.alerts(now);
    this.#seat = this.#member(name, flush);
    circle.join(this.#seat);
  }

  reserve(call: BudgetHold): Reservation {
    const covered = this.#covering(call, this.#seat);
    const at = this.#now();
    const refusals = covered.flatMap((account) => account.refusal(heldOf(account, call), at) ?? []);
    const [refusal] = refusals.sort(longestFirst);
    if (refusal !== undefined) return { hold: null, refusal };
    const hold = { ...call };
    this.#open.add(hold);
    this.#circle.held(hold, this.#seat);
    if (!call.isBounded) this.#tell(covered, true);
    return { hold, refusal: null };
  }

  settle(hold: BudgetHold, { pico, tokens }: CallAmounts): void {
    const { route, tags } = hold;
    if (this.#open.delete(hold)) this.#circle.used({ route, tags, pico, tokens, hold }, this.#seat);
  }

  release(hold: BudgetHold): void {
    if (this.#open.delete(hold)) this.#circle.released(hold, this.#seat);
  }

  book(call: CallHeadings & CallAmounts): void {
    this.#circle.used({ ...call, hold: null }, this.#seat);
  }

  standing(): readonly BudgetStanding[] {
    const at = this.#now();
    return this.#accounts.map((account) => account.standing(at));
  }

  close(): void {
    for (const hold of this.#open) this.release(hold);
    this.#circle.leave(this.#seat);
  }

  #member(name: string, flush: () => void): CircleMember {
    return {
      name,
      flush,
      held: (hold, by) => {
        for (const account of this.#covering(hold, by)) account.hold(heldOf(account, hold) ?? 0n);
      },
      released: (hold, by) => {
        for (const account of this.#covering(hold, by)) account.release(heldOf(account, hold) ?? 0n);
      },
      used: (call, by) => {
        const covered = this.#covering(call, by);
        const at = this.#now();
        for (const account of covered) {
          const held = call.hold === null ? null : heldOf(account, call.hold);
          account.release(held ?? 0n);
          account.spend(account.amountOf(call) ?? held, at);
        }
        this.#tell(covered);
      },
    };
  }

  // What other runs use counts in the windows that outlast a run.
  #covering(call: CallHeadings, by: CircleMember | null): readonly BudgetAccount[] {
    const isOwn = by === this.#seat;
    return this.#accounts.filter(
      (account) => coversCall(account.budget, call) && (isOwn || account.budget.window !== "run"),
    );
  }

  #tell(told: readonly BudgetAccount[], isUnbounded = false): void {
    for (const alert of told.flatMap((account) => account.alerts(this.#latest, isUnbounded)))
      this.#onAlert(alert);
  }

  #now(): number {
    this.#latest = Math.max(this.#latest, this.#clock.now());
    return this.#latest;
  }
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
      if (!coversCall(account.budget, call) || (account.budget.window === "run" && !byRun)) continue;
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
