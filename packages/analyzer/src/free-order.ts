// The order of tasks that are a set: who reads a file comes after who makes it, wherever both stand in the list.
import { condensedOrder, type Edge, nameSome, type Task } from "@sheaf/core";
import { heldEdges } from "./held-edges.ts";
import { addFiles, OrderGraph } from "./order-graph.ts";

export interface FreeOrder {
  /** The given tasks, in the first order that their files allow. */
  readonly tasks: readonly Task[];
  /** What the authors of the tasks should mend. */
  readonly warnings: readonly string[];
}

/** A set of tasks in an order. */
export interface OrderedSet {
  readonly tasks: readonly Task[];
  /** Edges that had to give way, as all together go in a circle. */
  readonly circular: readonly Edge[];
}

/**
 * Orders tasks by their declared `reads` and `writes` (`addFiles`). Among themselves tasks stay in list order, as do
 * tasks that each read what the other writes. O((tasks + globs that overlap) log tasks).
 *
 * @param tasks in the order in which they were listed
 * @param before pairs of indices, the first less than the second, that stay in this order whatever their files say
 */
export function freeOrder(
  tasks: readonly Task[],
  before: Iterable<readonly [number, number]> = [],
): FreeOrder {
  const { order, cycles } = orderOf(graphOf(tasks, before));
  const isTask = (node: number): boolean => node < tasks.length;
  return {
    tasks: order.filter(isTask).map((place) => tasks[place]!),
    warnings: cycles.map((cycle) => {
      const named = nameSome(cycle.filter(isTask).map((place) => tasks[place]!.id));
      return `The files that ${named} read and write call for an order that goes in a circle, so these tasks stay in list order. Declare \`dependsOn\`, or let one of them write another file.`;
    }),
  };
}

/**
 * Orders tasks by what is certain, by their files, and by edges that are likely, in any direction. Where these go in a
 * circle the least likely gives way, of equal ones the later.
 *
 * @param tasks in an order that `freeOrder` has given
 * @param certain forward in that order
 */
export function orderSet(
  tasks: readonly Task[],
  certain: readonly Edge[],
  likely: readonly Edge[],
): OrderedSet {
  const places = new Map<string, number>(tasks.map(({ id }, place) => [id, place]));
  const placed = (edge: Edge) => [places.get(edge.from)!, places.get(edge.to)!] as const;
  const graph = graphOf(tasks, certain.map(placed));
  const wanted = likely.map((edge) => {
    const [from, to] = placed(edge);
    return { from, to, probability: edge.probability };
  });
  const isHeld = heldEdges(graph.keys.length, graph.columns, wanted);
  const circular: Edge[] = [];
  wanted.forEach(({ from, to }, i) => {
    if (isHeld[i]) graph.edge(from, to);
    else circular.push(likely[i]!);
  });
  const { order } = orderOf(graph);
  return { tasks: order.flatMap((node) => tasks[node] ?? []), circular };
}

function graphOf(tasks: readonly Task[], before: Iterable<readonly [number, number]>): OrderGraph {
  const graph = new OrderGraph();
  for (const place of tasks.keys()) graph.node(place);
  for (const [earlier, later] of before) graph.edge(earlier, later);
  addFiles(graph, tasks);
  return graph;
}

const orderOf = ({ keys, columns }: OrderGraph) =>
  condensedOrder(keys.length, columns, Float64Array.from(keys));
