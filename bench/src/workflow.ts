import { assertAcyclic, buildGraph, type Edge, type Graph, type TaskId } from "@sheaf/core";

/** A graph with measured durations, in whatever unit its file counts. */
export interface Workflow {
  readonly graph: Graph;
  readonly durations: Float64Array;
  /** Tasks for which the file holds no duration; they count as 0. */
  readonly unmeasured: number;
}

/** One task of a file: its name, how long it took, and the names of those before it. */
export interface WorkflowTask {
  readonly name: string;
  readonly duration: number | undefined;
  readonly after: readonly string[];
}

/**
 * Builds the workflow of a file's tasks. Files name their tasks as they like, so the names are not held to the rules
 * for ids.
 *
 * @throws SheafError TASK_ID_DUPLICATE, EDGE_UNKNOWN_TASK, EDGE_SELF_LOOP, GRAPH_CYCLE
 */
export function workflowOf(tasks: readonly WorkflowTask[]): Workflow {
  const edges = tasks.flatMap((task) =>
    task.after.map(
      (before): Edge => ({
        from: before as TaskId,
        to: task.name as TaskId,
        kind: "order",
        source: "declared",
        probability: 1,
        evidence: "",
      }),
    ),
  );
  const graph = buildGraph(
    tasks.map((task) => task.name as TaskId),
    edges,
  );
  assertAcyclic(graph);
  return {
    graph,
    durations: Float64Array.from(tasks, (task) => task.duration ?? 0),
    unmeasured: tasks.filter((task) => task.duration === undefined).length,
  };
}
