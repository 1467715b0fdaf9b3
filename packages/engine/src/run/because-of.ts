import type { Because } from "@sheaf/core";
import type { Cause, SchedulerState } from "../scheduler/state.ts";
import type { World } from "./world.ts";

/** Says by task ids what the scheduler says by positions. */
export function becauseOf({ tasks }: World, cause: Cause): Because {
  const id = (task: number) => tasks[task]!.id;
  switch (cause.reason) {
    case "dependency":
    case "input":
      return { reason: cause.reason, taskId: id(cause.task), root: id(cause.root) };
    case "stopped":
    case "in-doubt":
      return { reason: cause.reason, taskId: id(cause.task) };
    case "conflict":
    case "budget":
    case "cancelled":
      return cause;
    default:
      return cause satisfies never;
  }
}

/** Returns why a task is skipped that took the output of one that has none. */
export function inputCause({ tasks }: SchedulerState, from: number): Cause {
  const why = tasks[from]!.cause;
  return { reason: "input", task: from, root: why !== null && "root" in why ? why.root : from };
}
