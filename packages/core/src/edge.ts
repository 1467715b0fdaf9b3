import type { TaskId } from "./ids.ts";

/** What an edge carries: outputs, files, an outside interface, a logical precondition, or only an order. */
export const EDGE_KINDS = ["data", "file", "api", "logic", "order"] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

/**
 * Who says so. `declared`: the task's `dependsOn`. `corrected`: the user, about what was found. `files`: declared reads and writes that overlap.
 * `reference`: the text names another task's output. `llm`: a language model. `learned`: observed in an earlier run.
 * `assumed`: nothing is known, so list order holds.
 */
export const EDGE_SOURCES = [
  "declared",
  "corrected",
  "files",
  "reference",
  "llm",
  "learned",
  "assumed",
] as const;
export type EdgeSource = (typeof EDGE_SOURCES)[number];

/** `from` must have finished before `to` starts. */
export interface Edge {
  readonly from: TaskId;
  readonly to: TaskId;
  readonly kind: EdgeKind;
  readonly source: EdgeSource;
  /** How likely the edge is real, 0 to 1. Declared edges have 1. */
  readonly probability: number;
  /** The words or paths that the edge rests on, for people. */
  readonly evidence: string;
}
