import { type TaskId, upwardRank } from "@sheaf/core";
import type { RunPlan } from "@sheaf/engine";

/** How far one task is. */
export interface TaskProgress {
  /** It need not run again, as far as is known. */
  readonly over: boolean;
  /** How long its present attempt has run, in ms; 0 when none does. */
  readonly runningMs: number;
}

/**
 * Estimates how long a run still takes, in ms: its longest remaining chain, or its remaining work shared out evenly,
 * whichever is more. Null where no duration was measured or declared.
 */
export function estimateRemaining(
  plan: RunPlan,
  workers: number,
  progressOf: (id: TaskId) => TaskProgress,
): number | null {
  if (!/measured|declared/.test(plan.durationsFrom)) return null;
  const leftMs = plan.durationsMs.map((ms, i) => {
    const { over, runningMs } = progressOf(plan.graph.ids[i]!);
    return over ? 0 : Math.max(0, ms - runningMs);
  });
  const longest = upwardRank(plan.graph, leftMs).reduce((most, ms) => Math.max(most, ms), 0);
  const work = leftMs.reduce((sum, ms) => sum + ms, 0);
  return Math.max(longest, work / Math.max(1, workers));
}
