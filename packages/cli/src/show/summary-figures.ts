import type { RunReport } from "@sheaf/engine";
import type { CostLine } from "@sheaf/ledger";
import { amountText, costText } from "./cost-text.ts";
import { counted, formatCount } from "./counted.ts";
import { formatDuration } from "./duration.ts";
import { oneLine } from "./fit-text.ts";
import { lostAttempts, type RunTrace } from "./run-trace.ts";

/** A label and what stands beside it. */
export type Fact = readonly [label: string, text: string];

/** The figures of a run. Only its events tell of conflicts and waits, and of attempts that came to nothing. */
export function figureFacts(report: RunReport, trace: RunTrace | null): readonly Fact[] {
  const { guarantee, files, rootHash, runDir, cost } = report;
  const facts: (Fact | null)[] = [
    ...timeFacts(report, trace),
    slowestFact(report),
    reusedFact(report),
    ["cost", costText(cost)],
    wastedFact(report),
    files === null ? null : ["files", filesText(files)],
    ...conflictFacts(report, trace),
    againFact(report, trace),
    ...waitFacts(trace),
    ["guarantee", `${guarantee.level}: ${guarantee.reasons.join("; ")}`],
    rootHash === null ? null : ["root hash", rootHash],
    runDir === null ? null : ["kept in", runDir],
    runDir === null || report.status === "succeeded" ? null : ["look at", `sheaf trace ${runDir}`],
  ];
  return facts.filter((fact) => fact !== null);
}

// A longest chain and a speed-up are those of the whole list: there are none where some of it did not run.
function timeFacts(report: RunReport, trace: RunTrace | null): readonly (Fact | null)[] {
  const { timing, order, tasks, status } = report;
  const { sumOfTasksMs, speedup, speedupBound, criticalPath, criticalPathMs, criticalPathCost } = timing;
  const wall = formatDuration(timing.wallMs);
  const reused = order.filter((id) => tasks[id]!.reused).length;
  if (status !== "succeeded" || reused > 0) {
    const ranMs = attemptsMs(trace);
    return [ranMs === 0 ? null : ["time", `${wall}; what ran took ${formatDuration(ranMs)} together`]];
  }
  if (sumOfTasksMs === 0) return [];
  const times = (factor: number): string => `${factor.toFixed(1)} times`;
  return [
    ["time", `${wall}; the tasks took ${formatDuration(sumOfTasksMs)} together`],
    criticalPath.length > 1 && criticalPathMs > 0
      ? ["longest", longestText({ tasks: criticalPath, ms: criticalPathMs, cost: criticalPathCost })]
      : null,
    order.length > 1
      ? ["speed-up", `${times(speedup)}, at most ${times(speedupBound)} for this plan with these workers`]
      : null,
  ];
}

/** Sum of all attempts, those that were cut off included. */
function attemptsMs(trace: RunTrace | null): number {
  const attempts = [...(trace?.tasks.values() ?? [])].flatMap((task) => task.attempts);
  return attempts.reduce((sum, { finished }) => sum + (finished?.resources.latencyMs ?? 0), 0);
}

/** Tells of a critical path. */
export function longestText(path: {
  readonly tasks: readonly string[];
  readonly ms: number;
  readonly cost: CostLine;
}): string {
  const cost = path.cost.calls + path.cost.unmetered === 0 ? "" : `, ${amountText(path.cost)}`;
  return `${formatDuration(path.ms)}${cost}, ${pathText(path.tasks)}`;
}

function pathText(path: readonly string[]): string {
  const shown = path.length <= 6 ? path : [...path.slice(0, 3), "…", ...path.slice(-2)];
  return shown.join(" > ");
}

function slowestFact({ order, tasks }: RunReport): Fact | null {
  const timed = order.flatMap((id) => {
    const { resources, reused } = tasks[id]!;
    return resources === null || reused ? [] : [{ id, ms: resources.latencyMs }];
  });
  if (timed.length < 6) return null;
  const slowest = timed.sort((a, b) => b.ms - a.ms).slice(0, 3);
  return ["slowest", slowest.map(({ id, ms }) => `${id} ${formatDuration(ms)}`).join(", ")];
}

function reusedFact({ order, tasks }: RunReport): Fact | null {
  const reused = order.filter((id) => tasks[id]!.reused).length;
  return reused === 0 ? null : ["reused", `${counted(reused, "task")} done in an earlier session or run`];
}

function wastedFact({ cost }: RunReport): Fact | null {
  const wasted = Object.entries(cost.byClass).filter(([name, { calls }]) => name !== "useful" && calls > 0);
  if (wasted.length === 0) return null;
  return ["of that", wasted.map(([name, line]) => `${name}: ${costOfLine(line)}`).join("; ")];
}

function costOfLine(line: RunReport["cost"]["byClass"]["useful"]): string {
  return costText({ ...line, totalUsd: line.usd, openCalls: 0 });
}

function filesText({ written, removed }: NonNullable<RunReport["files"]>): string {
  return `${formatCount(written)} written${removed === 0 ? "" : `, ${formatCount(removed)} removed`}`;
}

const MOST_CONFLICTS = 5;

function conflictFacts({ order, tasks }: RunReport, trace: RunTrace | null): readonly Fact[] {
  const count = order.reduce((sum, id) => sum + tasks[id]!.conflicts, 0);
  if (count === 0) return [];
  if (trace === null) return [["conflicts", `${counted(count, "attempt")} ran again`]];
  const texts = [...trace.tasks.values()].flatMap(({ id, attempts }) =>
    attempts.flatMap(({ conflicted }) =>
      (conflicted?.conflicts ?? []).map((conflict) => {
        const who = conflict.with === null ? "changed meanwhile" : `changed by ${conflict.with}`;
        return `${id} read ${oneLine(conflict.what)}, ${who}; ${id} ran again`;
      }),
    ),
  );
  const more = texts.length - MOST_CONFLICTS;
  return [
    ...texts.slice(0, MOST_CONFLICTS).map((text, i): Fact => [i === 0 ? "conflicts" : "", text]),
    ...(more > 0 ? [["", `and ${more} more`] as const] : []),
  ];
}

function againFact(report: RunReport, trace: RunTrace | null): Fact | null {
  if (trace === null) return null;
  const lost = [...trace.tasks.values()]
    .filter(({ id }) => report.tasks[id]?.outcome === "succeeded")
    .map((task) => ({
      id: task.id,
      failed: lostAttempts(task).filter(({ conflicted }) => conflicted === null),
    }))
    .filter(({ failed }) => failed.length > 0);
  if (lost.length === 0) return null;
  return ["retried", lost.map(({ id, failed }) => `${id} (${failed.length + 1} attempts)`).join(", ")];
}

const MOST_WAITS = 3;

/** Why tasks that could have started did not: what a run is slower for than its plan. */
function waitFacts(trace: RunTrace | null): readonly Fact[] {
  const groups = new Map<string, { readonly reason: string; readonly ids: Set<string> }>();
  for (const { id, waits } of trace?.tasks.values() ?? []) {
    for (const { reason } of waits) {
      const kind = reason.split(":")[0]!;
      const group = groups.get(kind) ?? { reason: reason.replace(/^waits /, ""), ids: new Set() };
      groups.set(kind, group);
      group.ids.add(id);
    }
  }
  return [...groups.values()]
    .sort((a, b) => b.ids.size - a.ids.size)
    .slice(0, MOST_WAITS)
    .map(({ reason, ids }, i) => [i === 0 ? "waited" : "", `${counted(ids.size, "task")} ${reason}`]);
}
