import type { Edge, Task } from "@sheaf/core";
import { type FreedPairs, NO_FREED_PAIRS } from "./corrections.ts";

/**
 * Returns the edges that keep list order around tasks of which nothing is known: each comes after all tasks before
 * it and before all tasks after it. Tasks between two of them stay free of each other. At most 2 edges a task.
 *
 * A task of a freed pair has an edge of its own for each other task, as it need not come after, or before, what others
 * do: freeing it of one task frees it of no other, and no other task through it.
 *
 * @param tasks in serial order
 * @param barriers places of the tasks of which nothing is known
 */
export function assumedEdges(
  tasks: readonly Task[],
  barriers: ReadonlySet<number>,
  freed: FreedPairs = NO_FREED_PAIRS,
): readonly Edge[] {
  const edges: Edge[] = [];
  const add = (from: Task, to: Task): void => {
    edges.push({
      from: from.id,
      to: to.id,
      kind: "order",
      source: "assumed",
      probability: 0.5,
      evidence: "nothing is declared",
    });
  };
  let last: Task | undefined;
  let since: Task[] = [];
  const apart: number[] = [];
  tasks.forEach((task, place) => {
    if (freed.touches(place)) {
      apart.push(place);
      return;
    }
    if (!barriers.has(place)) {
      if (last !== undefined) add(last, task);
      since.push(task);
      return;
    }
    if (since.length === 0 && last !== undefined) add(last, task);
    for (const earlier of since) add(earlier, task);
    last = task;
    since = [];
  });
  for (const place of apart) {
    for (const other of tasks.keys()) {
      const [from, to] = other < place ? [other, place] : [place, other];
      const twice = other < place && freed.touches(other);
      if (from === to || twice || freed.has(from, to)) continue;
      if (barriers.has(from) || barriers.has(to)) add(tasks[from]!, tasks[to]!);
    }
  }
  return edges;
}
