export { cacheFolder, dataFolder, isOwnFolder } from "./cache-folder.ts";
export { fromChecksummed, withChecksum } from "./checksummed.ts";
export { type CommitRecord, readCommits } from "./commit-log.ts";
export { fileHash } from "./content-hash.ts";
export { differencesAfter } from "./differences-after.ts";
export { type Durability, diskSync, fsyncEach, noSync, type Sync } from "./disk-sync.ts";
export type { Effects } from "./effects.ts";
export {
  broughtFile,
  type KeptChange,
  type KeptFile,
  type KeptTaskChange,
  NOWHERE,
  restoreTaskChanges,
  withFile,
} from "./kept-changes.ts";
export { type KeptEffects, keptEffects } from "./kept-effects.ts";
export { type DirLock, lockDir, requireFree } from "./lock.ts";
export type { Meanwhile, Standing } from "./meanwhile.ts";
export { openWorkdir } from "./open-workdir.ts";
export { commandInside } from "./overlay/inside.ts";
export { canCopyUp } from "./overlay/lower-owner.ts";
export { type MountHost, type MountHostOptions, openMountHost } from "./overlay/mount-host.ts";
export type { MountWay, OverlayChange, OverlayRequest, RoomRequest } from "./overlay/mount-protocol.ts";
export { type OwnPath, probeOwnPath } from "./overlay/own-path.ts";
export { type ProbeOptions, probeOverlay } from "./overlay/probe-overlay.ts";
export type { OverlayVerdict } from "./overlay/probe-verdict.ts";
export {
  isPolicyMap,
  POLICY_NAMES,
  type Policies,
  type Policy,
  type PolicyMap,
  policiesOf,
} from "./policies.ts";
export { normalizePath, pathProblem, STATE_FOLDER, touches } from "./relative-path.ts";
export { removeTreeNow } from "./remove-tree.ts";
export { chooseRung } from "./rung.ts";
export { shownSoFar } from "./shown-so-far.ts";
export { type TrackShim, trackEnvironment, trackShim } from "./tracking/shim-library.ts";
export { fsHookFile, parseTrackLog, type TrackedReads, trackedObservations } from "./tracking.ts";
export type { View } from "./view.ts";
export {
  type CommitResult,
  type Committed,
  DEFAULT_FROZEN,
  type Merge,
  type PathConflict,
  type ReuseRequest,
  type SealEnd,
  type StageRequest,
  type StagingRung,
  type Validation,
  type Workdir,
  type WorkdirOptions,
  type WorkdirStatistics,
} from "./workdir.ts";
