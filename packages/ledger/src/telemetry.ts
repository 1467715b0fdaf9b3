/** The part of a run that falls back, in `run.fallback`, where its counters could not be kept. */
export const TELEMETRY = "telemetry";
