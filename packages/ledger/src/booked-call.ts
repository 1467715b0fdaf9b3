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

function usageOf({ usage, state, model, provider }: EventOf<"llm.finished">): UsageRecord {
  if (usage !== null) return usage;
  const unknown = { model: model ?? "unknown", provider };
  // What no server has answered costs nothing.
  return state === "http-error" || state === "unreachable"
    ? { ...unknown, inputTokens: 0, outputTokens: 0, costUsd: 0, costSource: "local" }
    : unknown;
}
