import type { RunReport } from "@sheaf/engine";
import type { ResourceLine } from "@sheaf/ledger";
import { alignColumns } from "./align-columns.ts";
import { counted, formatCount } from "./counted.ts";
import { formatDuration } from "./duration.ts";

/** Tasks with lines of their own; the others are only in the total. */
const MOST_TASKS = 15;

/**
 * Returns as a table what each task took from the machine, over all its attempts, the longest first, and the total: of
 * times the sum, of memory the largest. A figure that could not be measured is `-`, and never 0.
 */
export function resourceTable(report: Pick<RunReport, "cost">): string {
  const { byTask, total } = report.cost.resources;
  const tasks = Object.entries(byTask).sort(([, a], [, b]) => b.latencyMs - a.latencyMs);
  if (tasks.length === 0) return "No task was started.";
  const more = tasks.length - MOST_TASKS;
  const hasGpu = total.vramPeakMiB !== null;
  const rows = [
    ["", "attempts", "time", "queued", "CPU", "memory", ...(hasGpu ? ["GPU memory"] : [])],
    ...tasks.slice(0, MOST_TASKS).map(([id, line]) => row(id, line, hasGpu)),
    ...(more > 0 ? [[`and ${counted(more, "task")} more`]] : []),
    [],
    row("total", total, hasGpu),
  ];
  return alignColumns(rows, { right: [1, 2, 3, 4, 5, 6] }).join("\n");
}

function row(name: string, line: ResourceLine, hasGpu: boolean): readonly string[] {
  const { attempts, latencyMs, queueMs, cpuMs, peakMemoryMiB, vramPeakMiB } = line;
  return [
    name,
    formatCount(attempts),
    formatDuration(latencyMs),
    formatDuration(queueMs),
    cpuMs === null ? "-" : formatDuration(cpuMs),
    memoryText(peakMemoryMiB),
    ...(hasGpu ? [memoryText(vramPeakMiB)] : []),
  ];
}

const memoryText = (mib: number | null): string =>
  mib === null ? "-" : `${formatCount(Math.round(mib))} MiB`;
