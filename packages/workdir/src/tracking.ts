// What workers need of the tracking, and nothing else: each of them loads it.
export {
  fsHookFile,
  parseTrackLog,
  type TrackedReads,
  trackedObservations,
} from "./tracking/observations.ts";
