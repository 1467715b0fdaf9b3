// How many tasks of this process may run at once, over all its runs.
//
// Owns:     the count of slots in use, and who is next.
// Does not: know tasks. A run asks for a number of slots and gives each back.
//
// Invariants:
//   P1. At most `capacity` slots are in use, and at most `most` by one member.
//   P2. A free slot is handed to a member at once if one wants it: it is never put back for anybody to grab.
//   P3. Members that want slots get them in turns.

/** One run's place in the pool. */
export interface SlotMember {
  /** Says how many more slots could be used now. They are granted one by one, perhaps before this returns. */
  want(slots: number): void;
  /** Gives slots back. */
  release(slots: number): void;
  /** Lets others use a slot while the task that holds it only waits for them; returns how to take it back. */
  lend(): () => Promise<void>;
  /** Leaves the pool with everything it held. */
  leave(): void;
}

interface Seat {
  readonly most: number;
  /** Nested runs share the slots that there are; only outer runs add to the capacity. */
  readonly nested: boolean;
  readonly grant: () => void;
  wanted: number;
  held: number;
}

export interface JoinRequest {
  /** Most slots for this run. */
  readonly most: number;
  readonly nested: boolean;
  /** Called once for each slot that the run is given. */
  readonly grant: () => void;
}

/** Slots shared by the runs of a process. The capacity is the largest that one of the outer runs asks for. */
export class SlotPool {
  readonly #seats: Seat[] = [];
  /** Lenders that want their slot back come before everybody else. */
  readonly #returning: (() => void)[] = [];
  #used = 0;
  #next = 0;

  get capacity(): number {
    return this.#seats.reduce((most, seat) => (seat.nested ? most : Math.max(most, seat.most)), 1);
  }

  join(request: JoinRequest): SlotMember {
    const seat: Seat = { ...request, wanted: 0, held: 0 };
    this.#seats.push(seat);
    return {
      want: (slots) => {
        seat.wanted = slots;
        this.#handOut();
      },
      release: (slots) => {
        seat.held -= slots;
        this.#used -= slots;
        this.#handOut();
      },
      lend: () => {
        this.#used -= 1;
        this.#handOut();
        return () =>
          new Promise((resolve) => {
            this.#returning.push(resolve);
            this.#handOut();
          });
      },
      leave: () => {
        const at = this.#seats.indexOf(seat);
        if (at === -1) return;
        this.#seats.splice(at, 1);
        this.#used -= seat.held;
        seat.held = 0;
        seat.wanted = 0;
        this.#handOut();
      },
    };
  }

  #handOut(): void {
    while (this.#used < this.capacity) {
      const back = this.#returning.shift();
      if (back !== undefined) {
        this.#used += 1;
        back();
        continue;
      }
      const seat = this.#nextSeat();
      if (seat === undefined) return;
      this.#used += 1;
      seat.held += 1;
      seat.wanted -= 1;
      seat.grant();
    }
  }

  #nextSeat(): Seat | undefined {
    const count = this.#seats.length;
    for (let i = 0; i < count; i++) {
      const at = (this.#next + i) % count;
      const seat = this.#seats[at]!;
      if (seat.wanted === 0 || seat.held >= seat.most) continue;
      this.#next = (at + 1) % count;
      return seat;
    }
    return undefined;
  }
}

/** The one budget of slots of this process. */
export const processSlots: SlotPool = new SlotPool();
