import type { RunEvent } from "@sheaf/core";
import { attemptCost } from "../attempt-costs.ts";
import { emptySum } from "../cost-line.ts";
import { ANALYSIS } from "../cost-summary.ts";
import { keptName } from "../history/call-sum.ts";
import { RunBook, type RunPart } from "../history/run-book.ts";
import type { RouteSums } from "./route-table.ts";

/** A run as its events tell it. */
export interface ToldRun {
  readonly book: RunBook;
  readonly calls: RunPart["calls"];
}

/** Reads the events of a run, given in order. */
export function readRun(events: readonly RunEvent[]): ToldRun {
  const book = new RunBook({
    ...{ dir: null, status: "unfinished", tasks: 0, version: null, wallMs: null, lastAt: 0 },
    ...{ telemetryFaults: 0, openCalls: 0, sum: emptySum() },
  });
  return { book, calls: book.take(events).calls };
}

/** Adds what a run has come to from a time on, in ms since 1970; null: all. */
export function countRoutes(sums: RouteSums, { book, calls }: ToldRun, since: number | null): void {
  const counts = (at: number | null): boolean => at !== null && (since === null || at >= since);
  for (const { taskId, attempt, at, model, sum } of calls) {
    const isAnalysis = taskId === null || attempt === null;
    const route = isAnalysis ? ANALYSIS.route : keptName(attemptCost(book.costs, taskId, attempt).route);
    sums.know(route);
    if (counts(at)) sums.addCalls(route, model, sum);
  }
  for (const [cost, { startedAt, finishedAt, cause, status }] of book.attempts) {
    const route = keptName(cost.route);
    sums.know(route);
    if (counts(startedAt)) sums.addAttempts(route, cause);
    if (counts(startedAt)) sums.addUnmetered(route, cost.sum.unmetered);
    if (counts(finishedAt) && (status === "failed" || status === "lost")) sums.addFailures(route);
  }
}
