import type { Column, Table } from "../show/table.ts";
import type { DependencyRow } from "./dependency-row.ts";

const SHARE = { digits: 3 } as const;

const COLUMNS: readonly (Column & { readonly key: keyof DependencyRow })[] = [
  { key: "set", heading: "set" },
  { key: "analyzer", heading: "analyzer" },
  { key: "items", heading: "lists" },
  { key: "tasks", heading: "tasks" },
  { key: "precision", heading: "precision", ...SHARE },
  { key: "recall", heading: "recall", ...SHARE },
  { key: "f1", heading: "F1", ...SHARE },
  { key: "missed", heading: "missed", ...SHARE },
  { key: "spurious", heading: "spurious", ...SHARE },
  { key: "nothingMissed", heading: "nothing missed", ...SHARE },
  { key: "kept", heading: "kept", ...SHARE },
  { key: "inputTokens", heading: "tokens in" },
  { key: "outputTokens", heading: "tokens out" },
  { key: "firstDispatchMs", heading: "first dispatch, ms", digits: 2 },
  { key: "latencyMs", heading: "analysis, ms", digits: 2 },
];

const NOTES: readonly string[] = [
  "precision, recall, F1: of the direct edges of all lists together.",
  "missed: pairs that must wait, directly or not, and do not; spurious: independent pairs that wait; nothing missed: lists without a missed pair.",
  "kept: speed-up with 4 workers over that with the true graph, true edges that are missing put in; mean over the lists.",
  "first dispatch, analysis: mean over the lists.",
];

/** Renders rows for people. */
export function dependencyTable(rows: readonly DependencyRow[]): Table {
  return { title: "Dependencies", columns: COLUMNS, rows: rows.map((row) => ({ ...row })), notes: NOTES };
}
