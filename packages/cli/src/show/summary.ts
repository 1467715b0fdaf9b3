import type { RunEvent, RunStatus } from "@sheaf/core";
import { type RunReport, sayBecause, type TaskReport } from "@sheaf/engine";
import { counted } from "./counted.ts";
import { formatDuration } from "./duration.ts";
import { failureLine } from "./failure-text.ts";
import { oneLine, padText, wrapText } from "./fit-text.ts";
import { type Palette, palette } from "./palette.ts";
import { traceOf } from "./run-trace.ts";
import { type Fact, figureFacts } from "./summary-figures.ts";

export interface SummaryOptions {
  /** Columns that a line may take. @default 100 */
  readonly width?: number;
  /** @default false */
  readonly color?: boolean;
  /** The run's events: with them the summary says what conflicted with what. */
  readonly events?: Iterable<RunEvent>;
}

const HEADLINES: Readonly<Record<RunStatus, string>> = {
  succeeded: "Succeeded",
  partial: "Partly failed",
  failed: "Failed",
  cancelled: "Cancelled",
  suspended: "Suspended",
  "budget-exhausted": "Stopped to keep within a budget",
};

/** Returns what a run came to, for people: what failed and why, then the figures. */
export function summary(report: RunReport, options: SummaryOptions = {}): string {
  const { width = 100, color = false, events } = options;
  const paint = palette({ color });
  const trace = events === undefined ? null : traceOf(events);
  const troubles = troubleFacts(report);
  const facts = figureFacts(report, trace);
  const labelWidth = Math.max(...[...troubles, ...facts].map(([label]) => label.length));
  const lay = (facts: readonly Fact[], paintLabel: (text: string) => string): readonly string[] =>
    facts.flatMap(([label, text]) =>
      wrapText(text, Math.max(20, width - labelWidth - 4)).map(
        (line, i) => `  ${paintLabel(padText(i === 0 ? label : "", labelWidth))}  ${line}`,
      ),
    );
  return [
    headline(report, paint),
    "",
    ...(troubles.length === 0
      ? []
      : [...lay(troubles, (label) => (/skipped|cancelled/.test(label) ? paint.warn : paint.bad)(label)), ""]),
    ...lay(facts, paint.faint),
  ].join("\n");
}

function headline(report: RunReport, paint: Palette): string {
  const { status, timing, order } = report;
  const color = status === "succeeded" ? paint.good : status === "cancelled" ? paint.warn : paint.bad;
  const others = (["failed", "in-doubt", "skipped", "cancelled"] as const)
    .map((outcome) => [outcome, tasksThat(report, outcome).length] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `, ${count} ${outcome}`);
  const succeeded = tasksThat(report, "succeeded").length;
  const all = counted(order.length, "task");
  const what = others.length === 0 ? all : `${succeeded} of ${all} succeeded${others.join("")},`;
  return `${color(paint.strong(HEADLINES[status]))}: ${what} in ${formatDuration(timing.wallMs)}`;
}

function tasksThat({ order, tasks }: RunReport, outcome: TaskReport["outcome"]): readonly TaskReport[] {
  return order.map((id) => tasks[id]!).filter((task) => task.outcome === outcome);
}

/** Failures whose cause is told; of more only the names. */
const MOST_CAUSES = 15;

/** Every task that failed, with its cause; every one that did not run, those with the same reason together. */
function troubleFacts(report: RunReport): readonly Fact[] {
  const failed = [...tasksThat(report, "failed"), ...tasksThat(report, "in-doubt")];
  return [
    ...(report.fault === null ? [] : [["fault", oneLine(report.fault.message)] as const]),
    ...failed.slice(0, MOST_CAUSES).map(failureFact),
    ...(failed.length <= MOST_CAUSES
      ? []
      : [
          [
            "failed",
            `and ${failed
              .slice(MOST_CAUSES)
              .map(({ id }) => id)
              .join(", ")}`,
          ] as const,
        ]),
    ...idleFacts(report, "skipped"),
    ...idleFacts(report, "cancelled"),
  ];
}

function failureFact({ id, outcome, failure, attempts }: TaskReport): Fact {
  const again = attempts > 1 ? ` (${attempts} attempts)` : "";
  return [outcome, `${id}: ${failure === null ? "unknown cause" : failureLine(failure)}${again}`];
}

function idleFacts(report: RunReport, outcome: "skipped" | "cancelled"): readonly Fact[] {
  const groups = new Map<string, string[]>();
  for (const { id, because } of tasksThat(report, outcome)) {
    const reason = because === null ? "unknown reason" : sayBecause(because);
    groups.set(reason, [...(groups.get(reason) ?? []), id]);
  }
  return [...groups].map(([reason, ids]) => [outcome, `${ids.join(", ")}: ${reason}`]);
}
