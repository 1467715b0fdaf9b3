import { type AbortCause, type Because, SheafError } from "@sheaf/core";

/** Says why a task did not run or was stopped, in a sentence. */
export function sayBecause(because: Because): string {
  switch (because.reason) {
    case "dependency":
      return because.root === because.taskId
        ? `it depends on "${because.taskId}", which failed`
        : `it depends on "${because.taskId}", which did not run because "${because.root}" failed`;
    case "input":
      return `it takes the output of "${because.taskId}", which did not succeed`;
    case "stopped":
      return `the run was stopped by the failure of "${because.taskId}"`;
    case "in-doubt":
      return `it is not known whether "${because.taskId}" has had its effects`;
    case "budget":
      if (because.done === true) {
        return "it is done, and is committed once the tasks before it are, which a budget has stopped";
      }
      return `nothing more was started, to keep within a budget${because.message === "" ? "" : `: ${because.message}`}`;
    case "conflict":
      return "what it had read is different now; it runs again in its turn";
    case "cancelled":
      return because.message === "" ? "the run was cancelled" : `the run was cancelled: ${because.message}`;
    default:
      return because satisfies never;
  }
}

/** Returns the error that an aborted attempt's signal carries. */
export function abortReason(taskId: string, cause: AbortCause): Error {
  switch (cause.kind) {
    case "timeout":
      return new SheafError("ATTEMPT_TIMED_OUT", { taskId, timeoutMs: cause.timeoutMs });
    case "idle":
      return new SheafError("ATTEMPT_IDLE", { taskId, idleTimeoutMs: cause.idleTimeoutMs });
    case "out-of-memory":
      return new SheafError("ATTEMPT_OUT_OF_MEMORY", {
        taskId,
        usedMiB: cause.usedMiB,
        limitMiB: cause.limitMiB,
      });
    case "because":
      return new DOMException(`Task "${taskId}" was stopped: ${sayBecause(cause.because)}`, "AbortError");
    default:
      return cause satisfies never;
  }
}
