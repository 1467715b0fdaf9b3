import type { AttemptResources } from "@sheaf/core";

/** The resources of an attempt that nobody measured. */
export const NOTHING_MEASURED: AttemptResources = {
  ...{ latencyMs: 0, queueMs: 0, cpuMs: null, peakMemoryMiB: null, vramPeakMiB: null, modelLoads: 0 },
};
