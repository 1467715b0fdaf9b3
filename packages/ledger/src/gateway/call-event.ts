import type { CallOutcome, ModelCall, RunId, TaskId } from "@sheaf/core";
import type { AskedFor } from "../wire/read-request.ts";

/** Whose calls they are. */
export interface CallOwner {
  readonly runId: RunId;
  readonly taskId: TaskId;
  /** 1 for the first. */
  readonly attempt: number;
}

/** A call, and whose it is. */
interface OwnedCall extends Omit<ModelCall, "taskId" | "attempt"> {
  readonly owner: CallOwner;
  /** The same for requests that ask the same, such as one that a client sends again. */
  readonly request: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A call is about to be sent. */
export interface CallStarted extends OwnedCall, AskedFor {
  readonly type: "call.started";
}

/** A call is over. */
export interface CallFinished extends OwnedCall, CallOutcome {
  readonly type: "call.finished";
}

export type CallEvent = CallStarted | CallFinished;
