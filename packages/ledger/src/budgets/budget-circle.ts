import type { BudgetHold, CallAmounts, CallHeadings } from "./counted-call.ts";

/** A call that is over, or that nobody asked for. */
export interface UsedCall extends CallHeadings, CallAmounts {
  /** What was set aside for it; null where nothing was. */
  readonly hold: BudgetHold | null;
}

/** The budgets of one run, as the others of its circle see them. */
export interface CircleMember {
  /** Its run. */
  readonly name: string;
  /** Something was set aside, by itself or by another. */
  held(hold: BudgetHold, by: CircleMember | null): void;
  released(hold: BudgetHold, by: CircleMember): void;
  used(call: UsedCall, by: CircleMember): void;
  /** Puts what it has spent where others read it. */
  flush(): void;
}

/**
 * Runs of one process whose calls count against the same windows: each knows at once what the others hold and spend, so
 * that they never overshoot together.
 */
export class BudgetCircle {
  readonly #members = new Set<CircleMember>();
  readonly #open = new Set<BudgetHold>();

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Tells whether a run of this name is in it. */
  has(name: string): boolean {
    return [...this.#members].some((member) => member.name === name);
  }

  /** Has everybody put what is spent where a newcomer reads it. */
  flush(): void {
    for (const member of this.#members) member.flush();
  }

  /** Takes in a newcomer, who knows what is spent, and tells it what is held. */
  join(member: CircleMember): void {
    this.#members.add(member);
    for (const hold of this.#open) member.held(hold, null);
  }

  leave(member: CircleMember): void {
    this.#members.delete(member);
  }

  held(hold: BudgetHold, by: CircleMember): void {
    this.#open.add(hold);
    for (const member of this.#members) member.held(hold, by);
  }

  released(hold: BudgetHold, by: CircleMember): void {
    this.#open.delete(hold);
    for (const member of this.#members) member.released(hold, by);
  }

  used(call: UsedCall, by: CircleMember): void {
    if (call.hold !== null) this.#open.delete(call.hold);
    for (const member of this.#members) member.used(call, by);
  }
}
