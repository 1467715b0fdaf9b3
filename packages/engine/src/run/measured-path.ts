import {
  buildGraph,
  type CriticalPath,
  criticalPath,
  type Edge,
  type Graph,
  type RunEvent,
} from "@sheaf/core";
import type { TaskReport } from "./report.ts";

export type TimedTask = Pick<TaskReport, "startedMs" | "endedMs" | "reused" | "resources">;

/**
 * Returns the longest chain by measured times, over the edges that held: where both ran, the later task began after
 * the earlier one had ended. An edge that only conflicts have shown counts as one of the plan's.
 *
 * @param tasks in the order of the graph
 */
export function measuredPath(
  graph: Graph,
  tasks: readonly TimedTask[],
  events: readonly RunEvent[],
): CriticalPath {
  const durations = Float64Array.from(tasks, durationMs);
  const shown = shownByConflicts(events);
  const isHeld = ({ from, to }: Edge): boolean =>
    isAfter(tasks[graph.indexOf(to)!]!, tasks[graph.indexOf(from)!]!);
  if (shown.length === 0 && graph.edges.every(isHeld)) return criticalPath(graph, durations);
  return criticalPath(buildGraph(graph.ids, [...graph.edges, ...shown].filter(isHeld)), durations);
}

/** How long the attempt that counts took in this session, in ms. */
export const durationMs = ({ reused, resources }: TimedTask): number =>
  reused ? 0 : (resources?.latencyMs ?? 0);

// A worker tells how long its work took without its own start, so only times of events can be compared.
const isAfter = (to: TimedTask, from: TimedTask): boolean =>
  from.endedMs === null || to.startedMs === null || from.endedMs <= to.startedMs;

function shownByConflicts(events: readonly RunEvent[]): readonly Edge[] {
  return events.flatMap((event) =>
    event.type !== "task.conflicted"
      ? []
      : event.conflicts.flatMap(({ with: from, what }): readonly Edge[] =>
          from === null
            ? []
            : [{ from, to: event.taskId, kind: "file", source: "learned", probability: 1, evidence: what }],
        ),
  );
}
