import type { CallState, ModelCall, RunId, TaskId, UsageRecord, UsageSource } from "@sheaf/core";

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
export interface CallStarted extends OwnedCall {
  readonly type: "call.started";
  /** Most tokens that the answer may have; null where nothing bounds it. */
  readonly maxOutputTokens: number | null;
  /** By the bytes of text in the request, divided by four. */
  readonly estimatedInputTokens: number;
}

/** A call is over. */
export interface CallFinished extends OwnedCall {
  readonly type: "call.finished";
  readonly state: CallState;
  /** Null where nobody can tell, and where nothing was used. */
  readonly usage: UsageRecord | null;
  readonly source: UsageSource;
  /** What it would have used, had it not been replayed; null where it was not, or nobody can tell. */
  readonly avoided: UsageRecord | null;
  /** HTTP status of the server; null where it has not answered. */
  readonly status: number | null;
  /** From sending the request to the first byte of the answer's body, in ms; null where none came. */
  readonly firstByteMs: number | null;
  /** From sending the request to the end of the answer, in ms. */
  readonly durationMs: number;
}

export type CallEvent = CallStarted | CallFinished;
