import type { RunEvent, TaskId } from "@sheaf/core";
import { type AttemptCosts, attemptCost, noteAttempts } from "./attempt-costs.ts";
import { bookedCall, isEstimated } from "./booked-call.ts";
import { addToSum, sumOfCall, toCostLine } from "./cost-line.ts";

/**
 * Returns what one attempt has cost in USD, by the events of its run; null where the price of a call is not known, or
 * not all of its calls were counted.
 */
export function costOfAttempt(
  events: Iterable<RunEvent>,
  { taskId, attempt }: { readonly taskId: TaskId; readonly attempt: number },
): number | null {
  const costs: AttemptCosts = new Map();
  const { sum } = attemptCost(costs, taskId, attempt);
  for (const event of events) {
    if (!("attempt" in event) || event.taskId !== taskId || event.attempt !== attempt) continue;
    noteAttempts(costs, event);
    const usage = bookedCall(event);
    if (usage !== null) addToSum(sum, sumOfCall(usage, { isEstimated: isEstimated(event) }));
  }
  const { usd, partial } = toCostLine(sum);
  return partial ? null : usd;
}
