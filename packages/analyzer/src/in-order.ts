// The order of tasks that may change places.
import type { Edge } from "@sheaf/core";
import type { AnalyzeRequest } from "./analyze-request.ts";
import { neededEdges } from "./corrections.ts";
import { orderSet } from "./free-order.ts";
import { certainEdges } from "./known.ts";

export interface Ordered {
  readonly request: AnalyzeRequest;
  /** The likely edges that go forward in its order. */
  readonly edges: readonly Edge[];
  /** How many do not, and had to give way. */
  readonly against: number;
}

/** Moves tasks behind what they are likely to need, where the order is free, or leaves out what is against it. */
export function inOrder(request: AnalyzeRequest, likely: readonly Edge[]): Ordered {
  const { tasks, order = "given", corrections } = request;
  if (order === "given") return { request, edges: likely, against: 0 };
  const needed = order === "free" ? neededEdges(tasks, corrections) : [];
  const ordered =
    order === "free" ? orderSet(tasks, certainEdges(tasks), [...needed, ...likely]).tasks : tasks;
  const places = new Map(ordered.map(({ id }, place) => [id, place]));
  const edges = likely.filter(({ from, to }) => places.get(from)! < places.get(to)!);
  const isSame = ordered.every((task, place) => task === tasks[place]);
  return {
    request: isSame ? request : { ...request, tasks: ordered },
    edges,
    against: likely.length - edges.length,
  };
}
