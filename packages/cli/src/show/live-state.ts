import type { RunEvent, TaskId } from "@sheaf/core";
import type { RunPlan } from "@sheaf/engine";
import { bookedCall, usdToPico } from "@sheaf/ledger";
import { estimateRemaining } from "./eta.ts";
import { createTrace, phaseOf, type RunTrace, type TaskPhase, takeEvent } from "./run-trace.ts";

/** What the live view knows of a run. */
export interface LiveState {
  readonly trace: RunTrace;
  /** Running tasks. Each keeps its row until it ends, so that nothing jumps; a free row is null. */
  readonly rows: (TaskId | null)[];
  /** Known cost so far, in pico-dollars, and calls whose price is not known. */
  knownPico: bigint;
  calls: number;
  unpricedCalls: number;
  /** Known once the run is planned. */
  plan: RunPlan | null;
}

export function createLiveState(): LiveState {
  return { trace: createTrace(), rows: [], knownPico: 0n, calls: 0, unpricedCalls: 0, plan: null };
}

/** Adds the run's next event. */
export function takeLiveEvent(state: LiveState, event: RunEvent): void {
  takeEvent(state.trace, event);
  switch (event.type) {
    case "attempt.started": {
      const free = state.rows.indexOf(null);
      if (free < 0) state.rows.push(event.taskId);
      else state.rows[free] = event.taskId;
      return;
    }
    case "attempt.finished": {
      const row = state.rows.indexOf(event.taskId);
      if (row >= 0) state.rows[row] = null;
      return;
    }
    case "attempt.usage":
    case "analysis.usage":
    case "llm.finished": {
      const usage = bookedCall(event);
      if (usage === null) return;
      const { costUsd } = usage;
      state.calls += 1;
      if (costUsd === undefined || costUsd === null) state.unpricedCalls += 1;
      else state.knownPico += usdToPico(costUsd);
      return;
    }
  }
}

export type PhaseCounts = Readonly<Record<TaskPhase, number>>;

/** Counts the tasks by where they stand. */
export function countPhases({ trace }: LiveState): PhaseCounts {
  const counts = {
    ...{ waiting: 0, running: 0, finished: 0, failing: 0 },
    ...{ committed: 0, failed: 0, skipped: 0, cancelled: 0 },
  };
  for (const task of trace.tasks.values()) counts[phaseOf(task)] += 1;
  // Before there is a plan only those that have started are known by name.
  counts.waiting += totalOf(trace) - trace.tasks.size;
  return counts;
}

/** How many tasks the run has. */
export const totalOf = ({ tasks, started }: RunTrace): number => Math.max(tasks.size, started?.tasks ?? 0);

/** The estimate goes over the whole graph, several times a second. */
const MOST_ESTIMATED = 20_000;

/** Estimates how long the run still takes, in ms; null when that is not known. */
export function remainingMs({ plan, trace }: LiveState, now: number): number | null {
  if (plan === null || plan.graph.size > MOST_ESTIMATED) return null;
  return estimateRemaining(plan, trace.started?.limits.maxWorkers ?? 1, (id) => {
    const task = trace.tasks.get(id);
    const phase = task === undefined ? "waiting" : phaseOf(task);
    if (phase !== "running") return { over: phase !== "waiting", runningMs: 0 };
    return { over: false, runningMs: now - task!.attempts.at(-1)!.started.at };
  });
}
