import type { EventOf, RunEvent } from "@sheaf/core";
import { bookedCall } from "./booked-call.ts";
import type { CostClass } from "./cost-class.ts";
import { addToSum, type CostSum, emptySum } from "./cost-line.ts";

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
  /** All its calls. */
  readonly sum: CostSum;
  /** Those of them whose requests were sent again. */
  readonly retried: CostSum;
  /** Those that were open when the engine went away. */
  readonly crashed: CostSum;
  /** What calls that are over have cost, by number, as long as they may be made anew. */
  readonly over: Map<number, CostSum>;
}

/** The attempts of a run: by task id, then by number. */
export type AttemptCosts = Map<string, Map<number, AttemptCost>>;

/** Returns the attempt, entered on its first mention. */
export function attemptCost(costs: AttemptCosts, taskId: string, attempt: number): AttemptCost {
  const ofTask = costs.get(taskId) ?? new Map<number, AttemptCost>();
  const known = ofTask.get(attempt);
  if (known !== undefined) return known;
  const cost: AttemptCost = {
    ...{ agent: UNKNOWN, route: UNKNOWN, fate: "open", made: false },
    ...{ sum: emptySum(), retried: emptySum(), crashed: emptySum(), over: new Map() },
  };
  costs.set(taskId, ofTask.set(attempt, cost));
  return cost;
}

/** Takes note of a request on its way to a model. */
export function openCall(cost: AttemptCost, { repeats }: EventOf<"llm.started">): void {
  const before = repeats === undefined ? undefined : cost.over.get(repeats);
  if (before === undefined) return;
  cost.over.delete(repeats!);
  addToSum(cost.retried, before);
}

/** Books what a request has cost. */
export function closeCall(
  cost: AttemptCost,
  { call, state, repeated }: EventOf<"llm.finished">,
  sum: CostSum,
): void {
  addToSum(cost.sum, sum);
  if (state === "crashed") addToSum(cost.crashed, sum);
  else if (repeated === true) addToSum(cost.retried, sum);
  else cost.over.set(call, sum);
}

export function costClassOf({ fate }: AttemptCost): CostClass {
  return CLASS_OF[fate];
}

/** Takes note of what an event says about attempts, but for what their calls cost. */
export function noteAttempts(costs: AttemptCosts, event: RunEvent): void {
  switch (event.type) {
    case "attempt.started": {
      const cost = attemptCost(costs, event.taskId, event.attempt);
      cost.agent = event.agent;
      cost.route = event.route;
      cost.made = true;
      cost.sum.unmetered = event.unmetered === true ? 1 : 0;
      return;
    }
    case "attempt.unmetered":
      attemptCost(costs, event.taskId, event.attempt).sum.unmetered = 1;
      return;
    case "attempt.usage":
      attemptCost(costs, event.taskId, event.attempt).made = true;
      return;
    case "llm.started":
    case "llm.finished": {
      const cost = attemptCost(costs, event.taskId, event.attempt);
      if (bookedCall(event) !== null) cost.made = true;
      return;
    }
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
    case "task.skipped":
      // What is done is used when the run goes on.
      if (event.because.reason === "budget" && event.because.done === true) return;
      dropOpen(costs, event.taskId);
      return;
    case "task.failed":
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
