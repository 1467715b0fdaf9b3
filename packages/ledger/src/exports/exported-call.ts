import type { CallState, RunEvent, TaskId, UsageRecord } from "@sheaf/core";
import { bookedCall } from "../booked-call.ts";
import type { CostClass } from "../cost-class.ts";

/** One model call of a run, as its exports show it. Null is what no event tells. */
export interface ExportedCall {
  /** Number of the event that booked it. */
  readonly seq: number;
  /** When it was over, in ms since 1970. */
  readonly endedAt: number;
  /** The attempt that made it; null: it was made to find dependencies. */
  readonly madeBy: { readonly taskId: TaskId; readonly attempt: number } | null;
  /** Number in its attempt, of one that was seen on its way. */
  readonly number: number | null;
  readonly operation: "chat" | "embeddings";
  readonly provider: string | null;
  /** Under which it is booked. */
  readonly model: string;
  /** Of who tells usage alone it is not known whether the model is the one that was asked for: it counts as both. */
  readonly askedModel: string | null;
  readonly answeredModel: string | null;
  readonly usage: UsageRecord;
  /** True where the usage was estimated. */
  readonly estimated: boolean;
  readonly state: CallState | null;
  readonly httpStatus: number | null;
  /** From sending the request to the end of the answer, in ms. */
  readonly durationMs: number | null;
  /** From sending the request to the first byte of the answer's body, in ms. */
  readonly firstByteMs: number | null;
  /** Its class, where that is another than that of its attempt. */
  readonly ownClass: CostClass | null;
}

const UNTOLD = {
  ...({ number: null, operation: "chat", estimated: false, state: null, httpStatus: null } as const),
  ...{ durationMs: null, firstByteMs: null, ownClass: null },
};

/** Returns the call that an event books, or null where it books none. */
export function exportedCall(event: RunEvent): ExportedCall | null {
  const usage = bookedCall(event);
  if (usage === null) return null;
  const { seq, at } = event;
  const { provider = null, model } = usage;
  const madeBy = "attempt" in event ? { taskId: event.taskId, attempt: event.attempt } : null;
  const call = { seq, endedAt: at, madeBy, provider, model, usage };
  // Who tells usage alone says neither how the call ended nor how long it took.
  if (event.type !== "llm.finished") return { ...call, askedModel: model, answeredModel: model, ...UNTOLD };
  const { state, durationMs, firstByteMs, status: httpStatus, repeated } = event;
  const isCrashed = state === "crashed";
  return {
    ...call,
    askedModel: event.model,
    answeredModel: isCrashed ? null : (event.usage?.model ?? null),
    number: event.call,
    operation: event.api === "embeddings" ? "embeddings" : "chat",
    ...{ estimated: event.source === "estimated", state, httpStatus, firstByteMs },
    durationMs: isCrashed ? null : durationMs,
    ownClass: isCrashed ? "estimated-crash" : repeated === true ? "http-retry" : null,
  };
}
