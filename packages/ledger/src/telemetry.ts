import type { RunEvent } from "@sheaf/core";

/** The part of a run, in `run.fallback`, that keeps its counters. */
export const TELEMETRY = "telemetry";
/** The part that keeps its events. */
export const JOURNAL = "journal";

/** Tells whether an event says that what a run used could not be kept. */
export function isTelemetryFault(event: RunEvent): boolean {
  return event.type === "run.fallback" && (event.part === TELEMETRY || event.part === JOURNAL);
}
