// What tasks declare to depend on, right or wrong, and the order that follows from it.

/** Ids of the tasks that a task depends on, by its id. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/** An edge between two places of the list. */
export type Pair = readonly [from: number, to: number];

/** Returns what the tasks depend on by these edges, in either direction; edges that would close a circle are left out. */
export function needsOf(ids: readonly string[], pairs: readonly Pair[]): Needs {
  const needs = new Map<string, Set<string>>(ids.map((id) => [id, new Set()]));
  const reaches = (from: string, to: string): boolean =>
    from === to || [...needs.get(from)!].some((before) => reaches(before, to));
  for (const [a, b] of pairs) {
    const [from, to] = [ids[a], ids[b]];
    if (from !== undefined && to !== undefined && !reaches(from, to)) needs.get(to)!.add(from);
  }
  return new Map([...needs].map(([id, before]) => [id, [...before]]));
}

/** The order that specifies the result: at each step the earliest task of the list that waits for nothing more. */
export function orderOf(ids: readonly string[], needs: Needs): readonly string[] {
  const order: string[] = [];
  while (order.length < ids.length) {
    const free = (id: string): boolean => needs.get(id)!.every((before) => order.includes(before));
    order.push(ids.find((id) => !order.includes(id) && free(id))!);
  }
  return order;
}
