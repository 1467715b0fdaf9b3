import { sayDrift } from "../show/section.ts";
import type { Row, Table } from "../show/table.ts";

/** What came of one workflow with so many workers. */
export interface WorkflowRow {
  readonly workflow: string;
  readonly tasks: number;
  readonly workers: number;
  /** Speed-up over waiting one after another, by schedule. */
  readonly levels: number;
  readonly ready: number;
  /** How many times as fast `ready` is as `levels`. */
  readonly gain: number;
  /** Time taken over the time computed for the waits that were asked for. */
  readonly readyOverAsked: number;
  /** Time taken over the time computed for the waits as they came out. */
  readonly readyOverWaited: number;
  readonly levelsOverWaited: number;
}

/** Makes the table of all workflows, with means over them for each number of workers. */
export function workflowTable(
  rows: readonly WorkflowRow[],
  { drift, meanMs }: { readonly drift: number; readonly meanMs: number },
): Table {
  const counts = [...new Set(rows.map((row) => row.workers))].sort((a, b) => a - b);
  const means = counts.map((workers) => meanOf(rows.filter((row) => row.workers === workers)));
  return {
    title: `Workflows: recorded graphs, run with tasks that wait (mean task ${meanMs} ms)`,
    columns: [
      { key: "workflow", heading: "workflow" },
      { key: "tasks", heading: "tasks" },
      { key: "workers", heading: "workers" },
      { key: "levels", heading: "levels, times as fast", digits: 2 },
      { key: "ready", heading: "ready, times as fast", digits: 2 },
      { key: "gain", heading: "ready/levels", digits: 2 },
      { key: "readyOverAsked", heading: "ready/computed", digits: 3 },
      { key: "readyOverWaited", heading: "same, real waits", digits: 3 },
      { key: "levelsOverWaited", heading: "levels, real waits", digits: 3 },
    ],
    rows: [...rows, ...means].map((row): Row => ({ ...row })),
    notes: [
      sayDrift("one after another, without Sheaf", drift),
      "computed: what list scheduling takes if nothing but the waits takes time; real waits: as long as the timers really took.",
    ],
  };
}

function meanOf(rows: readonly WorkflowRow[]): WorkflowRow {
  const mean = (pick: (row: WorkflowRow) => number): number =>
    rows.reduce((sum, row) => sum + pick(row), 0) / rows.length;
  return {
    workflow: "mean",
    tasks: Math.round(mean((row) => row.tasks)),
    workers: rows[0]!.workers,
    levels: mean((row) => row.levels),
    ready: mean((row) => row.ready),
    gain: mean((row) => row.gain),
    readyOverAsked: mean((row) => row.readyOverAsked),
    readyOverWaited: mean((row) => row.readyOverWaited),
    levelsOverWaited: mean((row) => row.levelsOverWaited),
  };
}
