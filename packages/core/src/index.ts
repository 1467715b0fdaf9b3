export type { AgentContext, AgentFn, AgentModule, TaskDirs } from "./agent.ts";
export type { AnswerFlaw } from "./answer-flaw.ts";
export {
  ALERT_PERCENTS,
  type AlertReason,
  BUDGET_WINDOWS,
  type Budget,
  type BudgetAlert,
  type BudgetLeft,
  type BudgetLimit,
  type BudgetRefusal,
  type BudgetUse,
  type BudgetWindow,
  type RefusalReason,
} from "./budget.ts";
export { type Clock, systemClock } from "./clock.ts";
export { dataHash, decodeData, describeData, encodeData } from "./data-codec.ts";
export { dataProblem, MAX_DATA_DEPTH } from "./data-problem.ts";
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
  CallRoute,
  Executor,
  ExecutorAbilities,
  MeasuredResources,
  Room,
  RunningAttempt,
  SharedDir,
  TakenInput,
  Work,
} from "./executor.ts";
export { type Adjacency, adjacency, type EdgeColumns, indices } from "./graph/adjacency.ts";
export { type CondensedOrder, condensedOrder } from "./graph/condensed-order.ts";
export { type CriticalPath, criticalPath } from "./graph/critical-path.ts";
export { declaredEdges } from "./graph/declared-edges.ts";
export { dispatchPriorities } from "./graph/dispatch-priorities.ts";
export { type DotOptions, fromDot, toDot } from "./graph/dot.ts";
export { assertAcyclic, findCycle } from "./graph/find-cycle.ts";
export { buildGraph, type Graph } from "./graph/graph.ts";
export { fromGraphlibJson, type GraphlibJson, toGraphlibJson } from "./graph/graphlib-json.ts";
export { levels, levelsOf, parallelGroups } from "./graph/levels.ts";
export {
  type ListSchedule,
  type ListScheduleOptions,
  listSchedule,
  makespanBound,
} from "./graph/list-schedule.ts";
export { fromMermaid, type MermaidOptions, toMermaid } from "./graph/mermaid.ts";
export { dependenciesOf, dependentsOf, type NeighbourOptions } from "./graph/neighbours.ts";
export { reversed } from "./graph/reversed.ts";
export { serialOrder, serialOrderOf } from "./graph/serial-order.ts";
export { type StrongComponents, strongComponents } from "./graph/strong-components.ts";
export { type GraphSummary, summarizeGraph } from "./graph/summarize-graph.ts";
export { transitiveReduction } from "./graph/transitive-reduction.ts";
export { upwardRank } from "./graph/upward-rank.ts";
export { describeType, idProblem, MAX_ID_LENGTH, type RunId, runId, type TaskId, taskId } from "./ids.ts";
export { isMemo, MEMO_EXPECTED, MEMO_SCOPES, type MemoRule, type MemoScope } from "./memo-rule.ts";
export type { CallOutcome, CallState, ModelApi, ModelCall, UsageSource } from "./model-call.ts";
export { nameSome } from "./name-some.ts";
export type { Observation, ObservationKind, Observed } from "./observation.ts";
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
  SettledConflict,
  TaskFailure,
} from "./run-event.ts";
export { isFullyDeclared, type Task, type TaskResources, type TaskSpec } from "./task.ts";
export type { AttemptResources, CostSource, PriceReference, UsageRecord } from "./usage.ts";
export { fromWireError, toWireError, type WireError } from "./wire-error.ts";
