import { SheafError } from "../errors.ts";
import type { TaskId } from "../ids.ts";
import type { Adjacency } from "./adjacency.ts";
import type { Graph } from "./graph.ts";

/** Which neighbours of a task are meant. */
export interface NeighbourOptions {
  /** Follow edges further than one step. @default false */
  readonly transitive?: boolean;
}

/**
 * Returns the tasks that `id` waits for, in list order.
 *
 * @throws SheafError OPTION_INVALID when there is no such task.
 */
export function dependenciesOf(graph: Graph, id: TaskId, options: NeighbourOptions = {}): readonly TaskId[] {
  return follow(graph, graph.predecessors, { id, ...options });
}

/**
 * Returns the tasks that wait for `id`, in list order.
 *
 * @throws SheafError OPTION_INVALID when there is no such task.
 */
export function dependentsOf(graph: Graph, id: TaskId, options: NeighbourOptions = {}): readonly TaskId[] {
  return follow(graph, graph.successors, { id, ...options });
}

function follow(
  graph: Graph,
  { starts, neighbours }: Adjacency,
  { id, transitive = false }: NeighbourOptions & { readonly id: TaskId },
): readonly TaskId[] {
  const index = graph.indexOf(id);
  if (index === undefined) {
    throw new SheafError("OPTION_INVALID", {
      option: "id",
      expected: "the id of a task of the graph",
      got: id,
    });
  }
  const found = new Set<number>();
  const open = [index];
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    for (const next of neighbours.subarray(starts[i]!, starts[i + 1]!)) {
      if (found.has(next)) continue;
      found.add(next);
      if (transitive) open.push(next);
    }
  }
  return Array.from(Uint32Array.from(found).sort(), (i) => graph.ids[i]!);
}
