import type { RunReport } from "@sheaf/engine";
import { COST_CLASSES, type CostLine, joinCostLines } from "@sheaf/ledger";
import { alignColumns } from "./align-columns.ts";
import { amountText } from "./cost-text.ts";
import { counted, formatCount } from "./counted.ts";

/** Tasks with lines of their own; the rest is summed up in one. */
const MOST_TASKS = 15;

/**
 * Returns the bill of a run as a table: what each task cost, the most expensive first, where the money went, the total,
 * and how much of it the tasks of the critical path cost. An unknown amount is called unknown.
 */
export function costTable(report: Pick<RunReport, "cost" | "timing">): string {
  const { cost, timing } = report;
  if (cost.calls + cost.unmetered === 0) return "No model calls were recorded.";
  const tasks = Object.entries(cost.byTask)
    .filter(([, line]) => line.calls + line.unmetered > 0)
    .sort(([, a], [, b]) => (b.usd ?? 0) - (a.usd ?? 0) || b.calls - a.calls);
  const rest = tasks.slice(MOST_TASKS);
  const classes = COST_CLASSES.map((name) => [name, cost.byClass[name]] as const);
  const total: CostLine = { ...cost, usd: cost.totalUsd };
  const rows = [
    ["", "cost", "calls", "input", "output"],
    ...tasks.slice(0, MOST_TASKS).map(([id, line]) => row(id, line)),
    ...(rest.length === 0
      ? []
      : [row(counted(rest.length, "more task"), joinCostLines(rest.map(([, line]) => line)))]),
    [],
    ...classes.filter(([, line]) => line.calls + line.unmetered > 0).map(([name, line]) => row(name, line)),
    [],
    row("total", total),
    ...(timing.criticalPath.length < 2 ? [] : [row("critical path", timing.criticalPathCost)]),
  ];
  return alignColumns(rows, { right: [1, 2, 3, 4] }).join("\n");
}

function row(name: string, line: CostLine): readonly string[] {
  const { calls, inputTokens, outputTokens } = line;
  return [name, amountText(line), ...[calls, inputTokens, outputTokens].map(formatCount)];
}
