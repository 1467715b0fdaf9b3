// What the index has of a run, its tasks, attempts and calls.
import type { EventOf } from "@sheaf/core";
import type { CostClass } from "../cost-class.ts";
import { type CostSum, knownFigure } from "../cost-line.ts";

/** What is known of an attempt beside its cost. Times are ms since 1970. */
export interface IndexedAttempt {
  executor: string | null;
  cause: string | null;
  startedAt: number | null;
  finishedAt: number | null;
  status: string | null;
  latencyMs: number | null;
  queueMs: number | null;
  cpuMs: number | null;
  peakMemoryMiB: number | null;
  vramPeakMiB: number | null;
  modelLoads: number | null;
}

export const NOT_STARTED: IndexedAttempt = {
  ...{ executor: null, cause: null, startedAt: null, finishedAt: null, status: null },
  ...{
    latencyMs: null,
    queueMs: null,
    cpuMs: null,
    peakMemoryMiB: null,
    vramPeakMiB: null,
    modelLoads: null,
  },
};

/** What is known of a task. */
export interface IndexedTask {
  state: string;
  lastAt: number;
  saved: { readonly pico: bigint; readonly at: number } | null;
}

/** What is known of the run itself. */
export interface IndexedRun {
  dir: string | null;
  status: string;
  tasks: number;
  version: string | null;
  wallMs: number | null;
  lastAt: number;
  telemetryFaults: number;
  /** Requests to models of which it has not told what became of them. */
  openCalls: number;
  readonly sum: CostSum;
}

/** A booked call. */
export interface IndexedCall {
  readonly seq: number;
  readonly taskId: string | null;
  readonly attempt: number | null;
  readonly at: number;
  readonly model: string;
  readonly provider: string | null;
  readonly sum: CostSum;
  /** Of a call that was seen on its way: its number in the attempt. */
  readonly number: number | null;
  /** Where it is another than that of its attempt. */
  ownClass: CostClass | null;
}

/** Returns what the end of an attempt tells of it. */
export function finishOf(
  { status, resources }: EventOf<"attempt.finished">,
  at: number,
): Partial<IndexedAttempt> {
  return {
    ...{ finishedAt: at, status },
    latencyMs: knownFigure(resources.latencyMs),
    queueMs: knownFigure(resources.queueMs),
    cpuMs: knownFigure(resources.cpuMs),
    peakMemoryMiB: knownFigure(resources.peakMemoryMiB),
    vramPeakMiB: knownFigure(resources.vramPeakMiB),
    modelLoads: knownFigure(resources.modelLoads),
  };
}
