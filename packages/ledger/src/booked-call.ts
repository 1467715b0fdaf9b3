import type { EventOf, RunEvent, UsageRecord } from "@sheaf/core";

/** Returns what an event books as a model call, or null where it books none. Each call is booked once. */
export function bookedCall(event: RunEvent): UsageRecord | null {
  switch (event.type) {
    case "analysis.usage":
      return event.usage;
    case "attempt.usage":
      return event.counted === false ? null : event.usage;
    case "llm.finished":
      return event.counted === false || event.state === "replayed" ? null : usageOf(event);
    default:
      return null;
  }
}

/** Whether no server has told what a call used that an event books, so that it was estimated. */
export const isEstimated = (event: RunEvent): boolean =>
  event.type === "llm.finished" && event.source === "estimated";

/** How many more requests to models are under way after an event than before. A replayed one is none. */
export function openedCalls(event: RunEvent): number {
  if (event.type === "llm.started") return 1;
  return event.type === "llm.finished" && event.state !== "replayed" ? -1 : 0;
}

function usageOf({ usage, state, model, provider }: EventOf<"llm.finished">): UsageRecord {
  if (usage !== null) return usage;
  const unknown = { model: model ?? "unknown", provider };
  // What no server has answered costs nothing.
  return state === "http-error" || state === "unreachable"
    ? { ...unknown, inputTokens: 0, outputTokens: 0, costUsd: 0, costSource: "local" }
    : unknown;
}
