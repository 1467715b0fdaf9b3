import type { Edge, Task } from "@sheaf/core";

/**
 * Returns the edges that keep list order around tasks of which nothing is known: each comes after all tasks before
 * it and before all tasks after it. Tasks between two of them stay free of each other. At most 2 edges a task.
 *
 * @param tasks in serial order
 * @param barriers places of the tasks of which nothing is known
 */
export function assumedEdges(tasks: readonly Task[], barriers: ReadonlySet<number>): readonly Edge[] {
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
  tasks.forEach((task, place) => {
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
  return edges;
}
