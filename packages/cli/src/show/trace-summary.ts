import type { RunEvent } from "@sheaf/core";
import { type CostSummary, joinCostLines, summarizeCost } from "@sheaf/ledger";
import { alignColumns } from "./align-columns.ts";
import { costText } from "./cost-text.ts";
import { counted, formatCount } from "./counted.ts";
import { formatDuration } from "./duration.ts";
import type { Palette } from "./palette.ts";
import { lostAttempts, phaseOf, type RunTrace } from "./run-trace.ts";
import { longestText } from "./summary-figures.ts";

/** Returns what a run came to, as far as its events tell. */
export function traceSummary(
  trace: RunTrace,
  events: readonly RunEvent[],
  paint: Palette,
): readonly string[] {
  const { finished, startedAt, lastAt } = trace;
  const tasks = [...trace.tasks.values()];
  const counts = new Map<string, number>();
  for (const task of tasks) counts.set(phaseOf(task), (counts.get(phaseOf(task)) ?? 0) + 1);
  const attempts = tasks.reduce((sum, task) => sum + task.attempts.length, 0);
  const lost = tasks.reduce((sum, task) => sum + lostAttempts(task).length, 0);
  const conflicts = tasks.flatMap((task) => task.attempts).filter((each) => each.conflicted !== null).length;
  const cost = summarizeCost(events);
  const longest = measuredPath(trace, cost);
  const rows = [
    ["status", finished?.status ?? "not finished: it still runs, or it was killed"],
    ["tasks", [...counts].map(([phase, count]) => `${formatCount(count)} ${phase}`).join(", ") || "none"],
    ["attempts", `${formatCount(attempts)}${lost === 0 ? "" : `, ${lost} of them did not count`}`],
    ...(conflicts === 0 ? [] : [["conflicts", counted(conflicts, "attempt")]]),
    ["time", formatDuration(finished?.wallMs ?? lastAt - startedAt)],
    ...(longest === null ? [] : [["longest", longestText(longest)]]),
    ["cost", costText(cost)],
    ...(finished === null ? [] : [["guarantee", finished.guarantee]]),
    ...(finished?.rootHash === undefined ? [] : [["root hash", finished.rootHash]]),
  ];
  return alignColumns(rows.map(([label, text]) => [paint.faint(label!), text!])).map((line) => `  ${line}`);
}

/** The critical path by measured times; null where it is not known, or but one task. */
function measuredPath({ finished }: RunTrace, { byTask }: CostSummary) {
  const path = finished?.criticalPath;
  if (path === undefined || path.tasks.length < 2) return null;
  return { ...path, cost: joinCostLines(path.tasks.flatMap((id) => byTask[id] ?? [])) };
}

/** Returns a run's trace as plain data: times in ms since its start. */
export function traceData(trace: RunTrace, events: readonly RunEvent[]): Record<string, unknown> {
  const { started, planned, finished, startedAt } = trace;
  const cost = summarizeCost(events);
  const since = (at: number): number => at - startedAt;
  return {
    runId: started?.runId ?? null,
    startedAt: new Date(startedAt).toISOString(),
    status: finished?.status ?? null,
    wallMs: finished?.wallMs ?? null,
    guarantee: finished?.guarantee ?? null,
    rootHash: finished?.rootHash ?? null,
    dir: started?.dir ?? null,
    mode: started?.mode ?? null,
    criticalPath: planned?.criticalPath ?? null,
    measuredPath: measuredPath(trace, cost),
    cost,
    tasks: [...trace.tasks.values()].map((task) => ({
      id: task.id,
      phase: phaseOf(task),
      because: task.end !== null && "because" in task.end ? task.end.because : null,
      waits: task.waits.map(({ at, reason }) => ({ atMs: since(at), reason })),
      attempts: task.attempts.map(({ started, unmetered, finished, conflicted, usage }) => ({
        ...{
          attempt: started.attempt,
          cause: started.cause,
          agent: started.agent,
          executor: started.executor,
          unmetered,
        },
        startedMs: since(started.at),
        endedMs: finished === null ? null : since(finished.at),
        status: finished?.status ?? null,
        failure: finished?.failure ?? null,
        resources: finished?.resources ?? null,
        output: finished?.output ?? null,
        changed: finished?.changed ?? [],
        conflicts: conflicted?.conflicts ?? [],
        usage: usage.map((event) => event.usage),
      })),
    })),
  };
}
