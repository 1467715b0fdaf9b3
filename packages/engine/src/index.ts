export { type AgentDefinition, type AgentNeeds, defineAgent, type PortableAgent } from "./agent.ts";
export type { Agent } from "./agents/resolve-work.ts";
export { readSettings } from "./config/read-settings.ts";
export { SETTING_TABLE } from "./config/setting-table.ts";
export type { Setting, Settings } from "./config/settings.ts";
export {
  type CorrectionsChange,
  correctionsFile,
  keepCorrections,
  readCorrections,
  replaceText,
} from "./corrections/corrections-file.ts";
export {
  contraryOf,
  problemAt,
  readStatements,
  type Statement,
  sayStatement,
} from "./corrections/statement.ts";
export { examineMachine, type MachineRequest } from "./doctor/examine-machine.ts";
export type { Finding } from "./doctor/finding.ts";
export { executeWithParallelism } from "./execute-with-parallelism.ts";
export { sayBecause } from "./executor/abort-reason.ts";
export type { RunPlan } from "./plan/make-plan.ts";
export { sharedMemoFolder } from "./run/open-memo.ts";
export type { DoubtDecision, PlannerRun, RunInput, RunOptions, RunSpec } from "./run/options.ts";
export { type PlannedRun, type PlanOptions, planRun } from "./run/plan-run.ts";
export type { Guarantee, RunReport, RunTiming, TaskReport } from "./run/report.ts";
export type { RunHandle } from "./run/run-handle.ts";
export { resolveDir, stateDirOf } from "./run/run-request.ts";
export type { Asking } from "./run/worth-asking.ts";
export type { FailureMode, Outcome } from "./scheduler/state.ts";
export type { GarbageRules } from "./state/choose-garbage.ts";
export { collectGarbage, type Garbage, type GarbageRequest } from "./state/collect-garbage.ts";
export { diskUsage } from "./state/disk-usage.ts";
export { bytesOf, type FileVersion } from "./state/file-version.ts";
export { type KeptPlan, keepPlan, readKeptPlan } from "./state/kept-plan.ts";
export {
  type PathChange,
  type RunChanges,
  type RunConflict,
  readRunChanges,
  type TaskChanges,
  type TaskReads,
} from "./state/run-changes.ts";
export { listRunStates, type RunState, type RunStateStatus } from "./state/run-states.ts";
export { isPlannerAnswer, type PlannerAnswer, plannerAnswerSchema } from "./tasks/planner-answer.ts";
export { type SchemaIssue, schemaIssues } from "./tasks/schema-issue.ts";
export { checkTasks } from "./tasks/task-problems.ts";
export { TASK_KEYS, taskSchema } from "./tasks/task-schema.ts";
export { VERSION } from "./version.ts";
