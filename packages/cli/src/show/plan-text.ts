import type { Asking, PlannedRun } from "@sheaf/engine";
import { alignColumns } from "./align-columns.ts";
import { counted } from "./counted.ts";
import { formatDuration } from "./duration.ts";
import { fitText, oneLine, padText, wrapText } from "./fit-text.ts";
import { type Palette, palette } from "./palette.ts";

export interface PlanTextOptions {
  readonly width: number;
  readonly color: boolean;
}

const MOST_EDGES = 60;

/** Returns a plan for people: what it promises, its levels, its critical path, its edges and why they are there. */
export function planText(planned: PlannedRun, options: PlanTextOptions): string {
  const { width } = options;
  const paint = palette(options);
  const { plan, summary } = planned;
  return [
    ...wrapText(summary, width),
    ...(planned.cached === 0 ? [] : wrapText(sayCached(planned), width)),
    ...section("Levels", levelLines(planned, width), paint),
    ...section("Critical path", pathLines(planned, width), paint),
    ...section(`Dependencies (${plan.graph.edges.length})`, edgeLines(planned, width), paint),
    ...section("Warnings", warningLines(planned, options), paint),
  ].join("\n");
}

const sayCached = ({ cached }: PlannedRun): string =>
  `${counted(cached, "task")} needed no asking: what a model said about ${cached === 1 ? "it" : "them"} was kept.`;

/** Returns a plan as plain data. */
export function planData({
  plan,
  summary,
  fallbacks,
  asking,
  cached,
  usage,
  maxWorkers,
}: PlannedRun): Record<string, unknown> {
  const { order, levels, width, criticalPath, speedupBound, durationsFrom, warnings, graph } = plan;
  const known = knowsDurations(plan);
  return {
    ...{ summary, order, levels, width, criticalPath, maxWorkers, speedupBound, durationsFrom },
    criticalPathMs: known ? plan.criticalPathMs : null,
    workMs: known ? plan.workMs : null,
    durationsMs: known ? new Map(order.map((id, i) => [id, plan.durationsMs[i]!])) : null,
    ...{ edges: graph.edges, warnings, fallbacks, usage, cached },
    asking: asking === null ? null : stakes(asking),
  };
}

function stakes({ type, ...said }: Asking): Omit<Asking, "type"> {
  return said;
}

/** Without any duration every task counts as 1 ms, which is no time to show. */
function knowsDurations({ durationsFrom }: PlannedRun["plan"]): boolean {
  return /measured|declared/.test(durationsFrom);
}

function section(title: string, lines: readonly string[], paint: Palette): readonly string[] {
  return lines.length === 0 ? [] : ["", paint.strong(title), ...lines.map((line) => `  ${line}`)];
}

function levelLines({ plan }: PlannedRun, width: number): readonly string[] {
  const digits = String(plan.levels.length).length;
  return plan.levels.flatMap((level, i) =>
    wrapText(level.join(", "), Math.max(20, width - digits - 4)).map(
      (line, k) => `${padText(k === 0 ? String(i + 1) : "", digits, "left")}  ${line}`,
    ),
  );
}

function pathLines({ plan, maxWorkers }: PlannedRun, width: number): readonly string[] {
  const { criticalPath, criticalPathMs, workMs, durationsFrom, speedupBound } = plan;
  const path = knowsDurations(plan)
    ? `${formatDuration(criticalPathMs)} of ${formatDuration(workMs)} of work. Durations: ${durationsFrom}.`
    : "No duration is known yet, so all tasks count the same.";
  const bound = `With ${counted(maxWorkers, "worker")} at most ${speedupBound.toFixed(1)} times as fast as one after another.`;
  return [criticalPath.join(" > "), path, bound].flatMap((text) => wrapText(text, Math.max(20, width - 2)));
}

function edgeLines({ plan }: PlannedRun, width: number): readonly string[] {
  const { edges } = plan.graph;
  const rows = edges
    .slice(0, MOST_EDGES)
    .map(({ from, to, kind, source, probability, evidence }) => [
      `${from} > ${to}`,
      source === "declared" ? source : `${source} ${kind}`,
      probability === 1 ? "sure" : `${Math.round(probability * 100)}%`,
      source === "declared" ? "" : oneLine(evidence),
    ]);
  const lines = alignColumns(rows, { right: [2] }).map((line) => fitText(line, width - 2));
  const more = edges.length - MOST_EDGES;
  return more > 0 ? [...lines, `and ${more} more; --json shows all`] : lines;
}

function warningLines({ fallbacks, plan }: PlannedRun, { width, color }: PlanTextOptions): readonly string[] {
  const paint = palette({ color });
  const warnings = [...fallbacks.map(({ reason }) => reason), ...plan.warnings];
  return warnings.flatMap((text) => wrapText(text, Math.max(20, width - 2)).map(paint.warn));
}
