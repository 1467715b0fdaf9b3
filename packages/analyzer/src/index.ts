export { type Analysis, analyze, type Fallback } from "./analyze.ts";
export type { AnalyzeRequest, AskModel, KnownEdges, Prospect, SetOrder } from "./analyze-request.ts";
export type { CorrectedPair, Corrections } from "./corrections.ts";
export { type FreeOrder, freeOrder } from "./free-order.ts";
export { globsOverlap } from "./globs-overlap.ts";
export type { SeenFiles } from "./learned.ts";
export type { CallPermit, UsedByCall, WantedCall } from "./llm/call-permit.ts";
export {
  DEFAULT_MODEL_TIMEOUT_MS,
  MODEL_EFFORTS,
  type ModelEffort,
  type ModelSettings,
} from "./llm/model-settings.ts";
