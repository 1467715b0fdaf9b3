import type { RunEvent } from "@sheaf/core";
import type { CostClass } from "./cost-class.ts";
import { type CostSum, emptySum } from "./cost-line.ts";

/** Agent and route of an attempt whose start is not among the events. */
const UNKNOWN = "unknown";

/**
 * What became of an attempt, so far. `open`: it runs, or has a result that nobody has decided about. `dropped`: it
 * failed, or its result never counted. The latest decision holds.
 */
type Fate = "open" | "committed" | "conflicted" | "dropped";

const CLASS_OF: Readonly<Record<Fate, CostClass>> = {
  open: "useful",
  committed: "useful",
  conflicted: "conflict-rerun",
  dropped: "failed-attempt",
};

/** What one attempt cost, and under which headings. */
export interface AttemptCost {
  agent: string;
  route: string;
  fate: Fate;
  /** False where only its fate is known: it was taken from another run. */
  made: boolean;
  readonly sum: CostSum;
}

/** The attempts of a run: by task id, then by number. */
export type AttemptCosts = Map<string, Map<number, AttemptCost>>;

/** Returns the attempt, entered on its first mention. */
export function attemptCost(costs: AttemptCosts, taskId: string, attempt: number): AttemptCost {
  const ofTask = costs.get(taskId) ?? new Map<number, AttemptCost>();
  const known = ofTask.get(attempt);
  if (known !== undefined) return known;
  const cost: AttemptCost = { agent: UNKNOWN, route: UNKNOWN, fate: "open", made: false, sum: emptySum() };
  costs.set(taskId, ofTask.set(attempt, cost));
  return cost;
}

export function costClassOf({ fate }: AttemptCost): CostClass {
  return CLASS_OF[fate];
}

/** Takes note of what an event says about the fate of attempts. */
export function settleFates(costs: AttemptCosts, event: RunEvent): void {
  switch (event.type) {
    case "attempt.finished": {
      const cost = attemptCost(costs, event.taskId, event.attempt);
      if (event.status !== "succeeded" && cost.fate === "open") cost.fate = "dropped";
      return;
    }
    case "task.conflicted":
      attemptCost(costs, event.taskId, event.attempt).fate = "conflicted";
      return;
    case "task.committed":
      dropOpen(costs, event.taskId);
      // A task is committed anew only because what its committed attempt had read has changed since.
      for (const cost of costs.get(event.taskId)?.values() ?? []) {
        if (cost.fate === "committed") cost.fate = "conflicted";
      }
      attemptCost(costs, event.taskId, event.attempt).fate = "committed";
      return;
    case "task.failed":
    case "task.skipped":
    case "task.cancelled":
      dropOpen(costs, event.taskId);
      return;
  }
}

function dropOpen(costs: AttemptCosts, taskId: string): void {
  for (const cost of costs.get(taskId)?.values() ?? []) {
    if (cost.fate === "open") cost.fate = "dropped";
  }
}
