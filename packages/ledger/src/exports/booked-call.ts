import type { RunEvent, TaskId, UsageRecord } from "@sheaf/core";

/** How a call ended. `replayed`: no server was asked. `crashed`: its end was lost with its worker. */
export type CallState = "ok" | "aborted" | "http-error" | "unreachable" | "replayed" | "crashed";

/** One model call of a run, as its exports show it. Null is what no event tells. */
export interface BookedCall {
  /** Number of the event that booked it. */
  readonly seq: number;
  /** When it was over, in ms since 1970. */
  readonly endedAt: number;
  /** The attempt that made it; null: it was made to find dependencies. */
  readonly madeBy: { readonly taskId: TaskId; readonly attempt: number } | null;
  readonly operation: "chat" | "embeddings";
  readonly provider: string | null;
  readonly model: string | null;
  /** Null where it used nothing, or nobody can tell what. */
  readonly usage: UsageRecord | null;
  /** True where the usage was estimated. */
  readonly estimated: boolean;
  readonly state: CallState | null;
  readonly httpStatus: number | null;
  /** From sending the request to the end of the answer, in ms. */
  readonly durationMs: number | null;
  /** From sending the request to the first byte of the answer's body, in ms. */
  readonly firstByteMs: number | null;
}

/** Returns the call that an event books, or null where it books none. */
export function bookedCall(event: RunEvent): BookedCall | null {
  switch (event.type) {
    case "attempt.usage":
      return told(event, { taskId: event.taskId, attempt: event.attempt });
    case "analysis.usage":
      return told(event, null);
    default:
      return null;
  }
}

// Who tells usage alone says neither how the call ended nor how long it took.
function told(
  { seq, at, usage }: { readonly seq: number; readonly at: number; readonly usage: UsageRecord },
  madeBy: BookedCall["madeBy"],
): BookedCall {
  return {
    ...{ seq, endedAt: at, madeBy, operation: "chat" },
    ...{ provider: usage.provider ?? null, model: usage.model, usage, estimated: false },
    ...{ state: null, httpStatus: null, durationMs: null, firstByteMs: null },
  };
}
