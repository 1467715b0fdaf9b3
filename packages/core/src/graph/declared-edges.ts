import type { Edge } from "../edge.ts";
import type { Task } from "../task.ts";

/** Returns the edges that the tasks' `dependsOn` declares. */
export function declaredEdges(tasks: readonly Task[]): readonly Edge[] {
  return tasks.flatMap((task) =>
    (task.dependsOn ?? []).map((from): Edge => {
      return { from, to: task.id, kind: "order", source: "declared", probability: 1, evidence: "dependsOn" };
    }),
  );
}
