import type { WireError } from "@sheaf/core";
import type { SlotPool } from "../resources/slot-pool.ts";
import type { EarlierWork } from "../scheduler/create-state.ts";
import type { SchedulerPlan, SchedulerState } from "../scheduler/state.ts";
import type { AttemptRecord, World } from "./world.ts";

/** How the loop ended. */
export interface LoopEnd {
  readonly state: SchedulerState;
  /** The last record of each task that had one. */
  readonly records: ReadonlyMap<number, AttemptRecord>;
  /** Why the run could not go on, or null. */
  readonly fault: WireError | null;
}

export interface LoopRequest {
  readonly world: World;
  readonly plan: SchedulerPlan;
  readonly slots: SlotPool;
  readonly nested: boolean;
  /** Check the scheduler's state after every event. */
  readonly validate: boolean;
  /** What earlier sessions have done; null in the first. */
  readonly earlier: EarlierWork | null;
  /** Records of the tasks that these have done. */
  readonly done: readonly AttemptRecord[];
}
