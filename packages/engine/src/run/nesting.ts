import { AsyncLocalStorage } from "node:async_hooks";
import type { SlotMember } from "../resources/slot-pool.ts";

/**
 * The slot of a running task. While runs that the task has started are under way it only waits for them, so others
 * may use its slot.
 */
export class HeldSlot {
  readonly #seat: SlotMember;
  #inner = 0;
  #takeBack: () => Promise<void> = async () => {};

  constructor(seat: SlotMember) {
    this.#seat = seat;
  }

  /** Lends the slot until `giveBack` has been called as often as this. */
  lend(): void {
    this.#inner += 1;
    if (this.#inner === 1) this.#takeBack = this.#seat.lend();
  }

  async giveBack(): Promise<void> {
    this.#inner -= 1;
    if (this.#inner === 0) await this.#takeBack();
  }
}

/** The slot of the task that is being done by the code that asks, when that code runs in this process. */
export const surroundingTask: AsyncLocalStorage<HeldSlot> = new AsyncLocalStorage<HeldSlot>();
