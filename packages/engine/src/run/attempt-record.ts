import {
  type AbortCause,
  type AttemptEnd,
  type AttemptResources,
  type AttemptStatus,
  type Because,
  type FailureKind,
  isSheafError,
  type MeasuredResources,
  type Observed,
  SheafError,
  type TakenInput,
  type Task,
  type TaskFailure,
  toWireError,
} from "@sheaf/core";
import type { Effects } from "@sheaf/workdir";
import { abortReason } from "../executor/abort-reason.ts";
import type { AttemptRecord } from "./world.ts";

/** What an agent told of itself. */
export interface Reported {
  vramPeakMiB: number | null;
  modelLoads: number;
}

/** How an attempt stands when its work is over. */
export interface Verdict {
  readonly status: AttemptStatus;
  readonly output: Uint8Array | null;
  readonly failure: TaskFailure | null;
  readonly because: Because | null;
  /** Another attempt may fare better. */
  readonly retryable: boolean;
  readonly outOfMemory: boolean;
  readonly together: boolean;
  readonly quiet: boolean;
  readonly observed: Observed | null;
  /** Null latency: the work did not begin, or nobody measured it. */
  readonly measured: Omit<MeasuredResources, "latencyMs"> & { readonly latencyMs: number | null };
}

const PLAIN: Omit<Verdict, "status"> = {
  output: null,
  failure: null,
  because: null,
  retryable: false,
  outOfMemory: false,
  together: false,
  quiet: true,
  observed: null,
  measured: { latencyMs: null, cpuMs: null, peakMemoryMiB: null },
};

const failed = (kind: FailureKind, error: unknown, retryable: boolean): Verdict => ({
  ...PLAIN,
  status: "failed",
  failure: { kind, error: toWireError(error) },
  retryable,
});

// What would come out the same with the same inputs is not tried again.
const RETRYABLE: { readonly [K in FailureKind]: boolean } = {
  agent: true,
  command: true,
  timeout: true,
  idle: true,
  disk: true,
  staging: true,
  "out-of-memory": false,
  "worker-lost": false,
  output: false,
  writes: false,
  input: false,
};

const INPUT_CODES = ["INPUT_NOT_READY", "INPUT_MISSING", "TASK_INVALID"] as const;

/** Returns the verdict on an attempt whose place or inputs could not be made ready, or whose effects not be taken. */
export function failureOf(error: unknown): Verdict {
  const full = isSheafError(error, "DISK_FULL") || (error as NodeJS.ErrnoException)?.code === "ENOSPC";
  const kind = full ? "disk" : INPUT_CODES.some((code) => isSheafError(error, code)) ? "input" : "staging";
  return failed(kind, error, RETRYABLE[kind]);
}

/** Returns the verdict on how an attempt ended; the engine's own reason for ending it comes first. */
export function readEnd(task: Task, end: AttemptEnd | null, cause: AbortCause | null): Verdict {
  const common = end === null ? {} : { quiet: end.quiet, observed: end.observed, measured: end.measured };
  if (cause !== null && (end === null || end.status === "aborted" || end.status === "lost")) {
    return { ...readAbort(task, cause), ...common };
  }
  if (end === null) return { ...PLAIN, status: "aborted" };
  switch (end.status) {
    case "succeeded":
      return { ...PLAIN, ...common, status: "succeeded", output: end.output };
    case "failed": {
      const { kind, error } = end;
      const retryable = RETRYABLE[kind] && error.code !== "AGENT_MODULE_FAILED";
      return { ...PLAIN, ...common, status: "failed", failure: { kind, error }, retryable };
    }
    case "lost":
      return { ...readLost(task, end), ...common };
    case "aborted":
      return { ...PLAIN, ...common, status: "aborted" };
    default:
      return end satisfies never;
  }
}

function readLost(task: Task, end: AttemptEnd & { readonly status: "lost" }): Verdict {
  const { how, outOfMemory, together } = end;
  const error = new SheafError("WORKER_LOST", { taskId: task.id, how });
  const kind = outOfMemory ? "out-of-memory" : "worker-lost";
  return { ...failed(kind, error, false), status: "lost", outOfMemory, together };
}

function readAbort(task: Task, cause: AbortCause): Verdict {
  if (cause.kind === "because") return { ...PLAIN, status: "aborted", because: cause.because };
  const verdict = failed(cause.kind, abortReason(task.id, cause), RETRYABLE[cause.kind]);
  const again = cause.kind === "out-of-memory" && cause.shared;
  return again ? { ...verdict, status: "lost", outOfMemory: true } : verdict;
}

/** Returns the record of an attempt. */
export function recordOf(
  verdict: Verdict,
  parts: {
    readonly attempt: number;
    readonly taken: readonly TakenInput[];
    readonly effects: Effects | null;
    readonly reported: Reported;
    readonly latencyMs: number;
    readonly queueMs: number;
  },
): AttemptRecord {
  const { measured, ...rest } = verdict;
  const resources: AttemptResources = {
    latencyMs: measured.latencyMs ?? parts.latencyMs,
    queueMs: parts.queueMs,
    cpuMs: measured.cpuMs,
    peakMemoryMiB: measured.peakMemoryMiB,
    ...parts.reported,
  };
  return {
    ...rest,
    attempt: parts.attempt,
    taken: parts.taken,
    effects: parts.effects,
    resources,
    reused: false,
  };
}
