export type { AgentContext, AgentFn, AgentModule, TaskDirs } from "./agent.ts";
export { type Clock, systemClock } from "./clock.ts";
export { dataHash, decodeData, describeData, encodeData } from "./data-codec.ts";
export { EDGE_KINDS, EDGE_SOURCES, type Edge, type EdgeKind, type EdgeSource } from "./edge.ts";
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetailsOf,
  isSheafError,
  SheafError,
  show,
} from "./errors.ts";
export type {
  AbortCause,
  AttemptEnd,
  AttemptInputs,
  AttemptPlace,
  AttemptPort,
  AttemptRequest,
  Executor,
  ExecutorAbilities,
  MeasuredResources,
  RunningAttempt,
  TakenInput,
  Work,
} from "./executor.ts";
export { describeType, idProblem, MAX_ID_LENGTH, type RunId, runId, type TaskId, taskId } from "./ids.ts";
export { eachString, findOutputReferences, mapStrings, type OutputReference } from "./output-reference.ts";
export type {
  AttemptCause,
  AttemptStatus,
  Because,
  Conflict,
  EffectiveLimits,
  EventBody,
  EventOf,
  EventType,
  ExecutionMode,
  ExecutorKind,
  FailureKind,
  GuaranteeLevel,
  RunEvent,
  RunStatus,
  Schedule,
  TaskFailure,
} from "./run-event.ts";
export { isFullyDeclared, type Task, type TaskResources, type TaskSpec } from "./task.ts";
export type { AttemptResources, UsageRecord } from "./usage.ts";
export { fromWireError, toWireError, type WireError } from "./wire-error.ts";
