import { SheafError } from "../errors.ts";
import { findCycle } from "./find-cycle.ts";
import type { Graph } from "./graph.ts";
import { peel } from "./peel.ts";

/**
 * Returns the tasks' indices so that each comes after all that it waits for.
 *
 * @throws SheafError GRAPH_CYCLE
 */
export function topologicalOrder(graph: Graph): Uint32Array {
  const order = peel(graph);
  if (order.length < graph.size) throw new SheafError("GRAPH_CYCLE", { cycle: findCycle(graph)! });
  return order;
}
