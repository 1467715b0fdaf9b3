import type { TaskGraph } from "@sheaf/testkit";

/** Who reaches whom over one edge or more, by Floyd and Warshall: `reach[i][j]`. */
export function reachability({ ids, edges }: TaskGraph): boolean[][] {
  const reach = ids.map(() => ids.map(() => false));
  for (const { from, to } of edges) reach[ids.indexOf(from)]![ids.indexOf(to)] = true;
  for (let via = 0; via < ids.length; via++) {
    for (let i = 0; i < ids.length; i++) {
      for (let j = 0; j < ids.length; j++) reach[i]![j] ||= reach[i]![via]! && reach[via]![j]!;
    }
  }
  return reach;
}

/** The longest path that starts with each task, by trying all of them. */
export function longestPaths({ ids, edges }: TaskGraph, duration: (i: number) => number): number[] {
  const from = (i: number): number => {
    const next = edges.filter((edge) => edge.from === ids[i]).map((edge) => from(ids.indexOf(edge.to)));
    return duration(i) + Math.max(0, ...next);
  };
  return ids.map((_, i) => from(i));
}

/** The first order that keeps list order, by starting again at the head of the list after every task. */
export function naiveSerialOrder({ ids, edges }: TaskGraph): string[] {
  const order: string[] = [];
  while (order.length < ids.length) {
    const next = ids.find(
      (id) => !order.includes(id) && edges.every((edge) => edge.to !== id || order.includes(edge.from)),
    );
    if (next === undefined) throw new Error("cycle");
    order.push(next);
  }
  return order;
}
