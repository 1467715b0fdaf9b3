import { buildGraph, type Edge, type Task } from "@sheaf/core";
import { cycleGroups } from "./cycle-groups.ts";

/**
 * Returns the edges from the tasks that write a path to those that read it, or what lies below it, wherever they stand
 * in the list. Where these close a cycle, the edges of the cycle that lead up the list are left out.
 */
export function freeOrderEdges(tasks: readonly Task[]): readonly Edge[] {
  const writers = new Map<string, Task[]>();
  for (const task of tasks) {
    for (const path of task.writes ?? []) {
      const known = writers.get(path);
      if (known === undefined) writers.set(path, [task]);
      else known.push(task);
    }
  }
  const edges = tasks.flatMap((reader) =>
    (reader.reads ?? []).flatMap((read) =>
      pathsAbove(read).flatMap((path) =>
        (writers.get(path) ?? [])
          .filter((writer) => writer !== reader)
          .map((writer) => fileEdge(writer, reader, path)),
      ),
    ),
  );
  const graph = buildGraph(
    tasks.map(({ id }) => id),
    edges,
  );
  const groups = cycleGroups(graph);
  return graph.edges.filter(({ from, to }) => {
    const [source, target] = [graph.indexOf(from)!, graph.indexOf(to)!];
    return source < target || groups[source] !== groups[target];
  });
}

/** The path itself, and each folder that it lies in. */
function pathsAbove(path: string): readonly string[] {
  const names = path.split("/");
  return names.map((_, i) => names.slice(0, i + 1).join("/"));
}

function fileEdge(writer: Task, reader: Task, path: string): Edge {
  return { from: writer.id, to: reader.id, kind: "file", source: "files", probability: 1, evidence: path };
}
