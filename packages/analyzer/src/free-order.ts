// The order of tasks that are a set: who reads a file comes after who makes it, wherever both stand in the list.
import { condensedOrder, nameSome, type Task } from "@sheaf/core";
import { accessIndex, addAccess, visitOverlaps } from "./access-index.ts";
import { type PathPattern, pathPattern } from "./path-pattern.ts";

export interface FreeOrder {
  /** The given tasks, in the first order that their files allow. */
  readonly tasks: readonly Task[];
  /** What the authors of the tasks should mend. */
  readonly warnings: readonly string[];
}

/** One glob, and the tasks that read or write what it names. */
interface Place {
  readonly pattern: PathPattern;
  readonly tasks: number[];
}

/** Two nodes for each glob beside one for each task, so that a file of many readers and writers takes few edges. */
class OrderGraph {
  readonly row: number[] = [];
  readonly neighbour: number[] = [];
  readonly keys: number[] = [];

  node(key: number): number {
    this.keys.push(key);
    return this.keys.length - 1;
  }

  edge(from: number, to: number): void {
    this.row.push(from);
    this.neighbour.push(to);
  }
}

/** A node that only stands between others. */
const BETWEEN = Number.NEGATIVE_INFINITY;

/**
 * Orders tasks by their declared `reads` and `writes`: whoever reads comes after all that write there. Of those that
 * write one place, who also reads there comes after who does not, and before who only reads; among themselves they stay
 * in list order, as do tasks that each read what the other writes. O((tasks + globs that overlap) log tasks).
 *
 * @param tasks in the order in which they were listed
 * @param before pairs of indices, the first less than the second, that stay in this order whatever their files say
 */
export function freeOrder(
  tasks: readonly Task[],
  before: Iterable<readonly [number, number]> = [],
): FreeOrder {
  const graph = new OrderGraph();
  for (const place of tasks.keys()) graph.node(place);
  for (const [earlier, later] of before) graph.edge(earlier, later);
  addFiles(graph, tasks);
  const { row, neighbour, keys } = graph;
  const columns = { row: Uint32Array.from(row), neighbour: Uint32Array.from(neighbour) };
  const { order, cycles } = condensedOrder(keys.length, columns, Float64Array.from(keys));
  const isTask = (node: number): boolean => node < tasks.length;
  return {
    tasks: order.filter(isTask).map((place) => tasks[place]!),
    warnings: cycles.map((cycle) => {
      const named = nameSome(cycle.filter(isTask).map((place) => tasks[place]!.id));
      return `The files that ${named} read and write call for an order that goes in a circle, so these tasks stay in list order. Declare \`dependsOn\`, or let one of them write another file.`;
    }),
  };
}

function addFiles(graph: OrderGraph, tasks: readonly Task[]): void {
  const reads = placesOf(tasks, "reads");
  const writes = placesOf(tasks, "writes");
  const meetings = meetingsOf(reads, writes);
  const both = updatersOf(reads, writes, meetings);
  const made = writes.map(({ tasks: writers }, place) => {
    const [plain, all] = [graph.node(BETWEEN), graph.node(BETWEEN)];
    graph.edge(plain, all);
    for (const task of writers) graph.edge(task, both.writers[place]!.has(task) ? all : plain);
    return { plain, all };
  });
  const used = reads.map(({ tasks: readers }, place) => {
    const [updated, read] = [graph.node(BETWEEN), graph.node(BETWEEN)];
    for (const task of readers) graph.edge(both.readers[place]!.has(task) ? updated : read, task);
    return { updated, read };
  });
  for (const [read, write] of meetings) {
    graph.edge(made[write]!.plain, used[read]!.updated);
    graph.edge(made[write]!.all, used[read]!.read);
  }
}

function placesOf(tasks: readonly Task[], kind: "reads" | "writes"): readonly Place[] {
  const places = new Map<string, Place>();
  tasks.forEach((task, index) => {
    for (const glob of new Set(task[kind])) {
      const pattern = pathPattern(glob);
      const key = pattern.segments.join("/");
      const place = places.get(key);
      if (place === undefined) places.set(key, { pattern, tasks: [index] });
      else if (place.tasks.at(-1) !== index) place.tasks.push(index);
    }
  });
  return [...places.values()];
}

/** Which read overlaps which write, by their numbers. */
function meetingsOf(
  reads: readonly Place[],
  writes: readonly Place[],
): readonly (readonly [number, number])[] {
  const index = accessIndex();
  writes.forEach(({ pattern }, task) => {
    addAccess(index, "writes", { task, pattern, appends: false, covered: false });
  });
  return reads.flatMap(({ pattern }, read) => {
    const found: (readonly [number, number])[] = [];
    visitOverlaps(index, { kind: "writes", pattern }, (access) => {
      found.push([read, access.task]);
      return true;
    });
    return found;
  });
}

/** For each place the tasks that read as well as write there. */
function updatersOf(
  reads: readonly Place[],
  writes: readonly Place[],
  meetings: readonly (readonly [number, number])[],
): { readonly readers: readonly ReadonlySet<number>[]; readonly writers: readonly ReadonlySet<number>[] } {
  const readers = reads.map(() => new Set<number>());
  const writers = writes.map(() => new Set<number>());
  for (const [read, write] of meetings) {
    const [few, many] = [reads[read]!.tasks, new Set(writes[write]!.tasks)];
    for (const task of few) {
      if (!many.has(task)) continue;
      readers[read]!.add(task);
      writers[write]!.add(task);
    }
  }
  return { readers, writers };
}
