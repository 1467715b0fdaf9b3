import type { Edge } from "../edge.ts";
import { SheafError } from "../errors.ts";
import type { TaskId } from "../ids.ts";
import { type Adjacency, adjacency } from "./adjacency.ts";
import { mergeEdges } from "./merge-edges.ts";

/** Tasks and the edges between them. It may hold a cycle: `findCycle` tells. */
export interface Graph {
  /** In list order. A task's place here is its index in every array beside a graph. */
  readonly ids: readonly TaskId[];
  /** At most one for two tasks in one direction. */
  readonly edges: readonly Edge[];
  /** Number of tasks. */
  readonly size: number;
  /** Rows ascend by index. */
  readonly successors: Adjacency;
  /** Rows ascend by index. */
  readonly predecessors: Adjacency;
  indexOf(id: string): number | undefined;
}

/**
 * Builds the graph of a list of tasks. Of several edges between the same two tasks one is kept, at the place of
 * the first: a declared one, else the most probable, else the first.
 *
 * @throws SheafError TASK_ID_DUPLICATE, EDGE_UNKNOWN_TASK, EDGE_SELF_LOOP
 */
export function buildGraph(ids: readonly TaskId[], edges: readonly Edge[]): Graph {
  const size = ids.length;
  const index = indexIds(ids);
  const { merged, from, to, bySource } = mergeEdges(size, edges, endsOf(edges, ids, index));
  const predecessors = adjacency(size, { row: to, neighbour: from }, bySource);
  const successors = adjacency(size, { row: from, neighbour: to }, predecessors.edges);
  return { ids, edges: merged, size, successors, predecessors, indexOf: (id) => index.get(id) };
}

function indexIds(ids: readonly TaskId[]): ReadonlyMap<string, number> {
  const index = new Map<string, number>();
  ids.forEach((taskId, i) => {
    const first = index.get(taskId);
    if (first !== undefined) {
      throw new SheafError("TASK_ID_DUPLICATE", { taskId, first: first + 1, second: i + 1 });
    }
    index.set(taskId, i);
  });
  return index;
}

function endsOf(
  edges: readonly Edge[],
  ids: readonly TaskId[],
  index: ReadonlyMap<string, number>,
): { from: Uint32Array; to: Uint32Array } {
  const from = new Uint32Array(edges.length);
  const to = new Uint32Array(edges.length);
  for (let e = 0; e < edges.length; e++) {
    const edge = edges[e]!;
    const source = index.get(edge.from);
    const target = index.get(edge.to);
    if (source === undefined) {
      throw new SheafError("EDGE_UNKNOWN_TASK", { taskId: edge.to, unknown: edge.from, known: ids });
    }
    if (target === undefined) {
      throw new SheafError("EDGE_UNKNOWN_TASK", { taskId: edge.from, unknown: edge.to, known: ids });
    }
    if (source === target) throw new SheafError("EDGE_SELF_LOOP", { taskId: edge.from });
    from[e] = source;
    to[e] = target;
  }
  return { from, to };
}
