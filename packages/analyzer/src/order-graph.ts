// What the declared files of tasks say about their order, as a graph.
import type { EdgeColumns, Task } from "@sheaf/core";
import { accessIndex, addAccess, visitOverlaps } from "./access-index.ts";
import { type PathPattern, pathPattern } from "./path-pattern.ts";

/** One glob, and the tasks that read or write what it names. */
interface Place {
  readonly pattern: PathPattern;
  readonly tasks: number[];
}

/** Nodes for tasks, by place, and behind these nodes that only stand between them. */
export class OrderGraph {
  readonly row: number[] = [];
  readonly neighbour: number[] = [];
  readonly keys: number[] = [];

  node(key: number): number {
    this.keys.push(key);
    return this.keys.length - 1;
  }

  get columns(): EdgeColumns {
    return { row: Uint32Array.from(this.row), neighbour: Uint32Array.from(this.neighbour) };
  }

  edge(from: number, to: number): void {
    this.row.push(from);
    this.neighbour.push(to);
  }
}

/** A node that only stands between others. */
const BETWEEN = Number.NEGATIVE_INFINITY;

/**
 * Adds that whoever reads comes after all that write there. Of those that write one place, who also reads there comes
 * after who does not, and before who only reads. Two nodes for each glob, so that a file of many readers and writers
 * takes few edges.
 *
 * @param graph with a node for each task, and no other
 */
export function addFiles(graph: OrderGraph, tasks: readonly Task[]): void {
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
