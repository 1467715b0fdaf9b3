import { SheafError } from "../errors.ts";
import type { TaskId } from "../ids.ts";
import type { Graph } from "./graph.ts";
import { peel } from "./peel.ts";

/**
 * Returns one cycle, or undefined when there is none: each task once, each followed by one that waits for it, the
 * earliest in the list first. O(tasks + edges), without recursion.
 */
export function findCycle(graph: Graph): readonly TaskId[] | undefined {
  const order = peel(graph);
  if (order.length === graph.size) return undefined;
  const left = new Uint8Array(graph.size).fill(1);
  for (const i of order) left[i] = 0;
  return cycleBehind(graph, left).map((i) => graph.ids[i]!);
}

/** @throws SheafError GRAPH_CYCLE, which names a cycle. */
export function assertAcyclic(graph: Graph): void {
  const cycle = findCycle(graph);
  if (cycle !== undefined) throw new SheafError("GRAPH_CYCLE", { cycle });
}

/** Of the tasks that are left each waits for another that is left, so walking backwards must meet itself. */
function cycleBehind({ predecessors, size }: Graph, left: Uint8Array): number[] {
  const stepOf = new Int32Array(size).fill(-1);
  const walked: number[] = [];
  let i = left.indexOf(1);
  while (stepOf[i] === -1) {
    stepOf[i] = walked.length;
    walked.push(i);
    let k = predecessors.starts[i]!;
    while (left[predecessors.neighbours[k]!] === 0) k++;
    i = predecessors.neighbours[k]!;
  }
  const cycle = walked.slice(stepOf[i]).reverse();
  const first = cycle.reduce((least, task, place) => (task < cycle[least]! ? place : least), 0);
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}
