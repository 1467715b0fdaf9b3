import type { SchedulerPlan, TaskState } from "./state.ts";

interface Met {
  /** An inferred edge from this task no longer holds anybody back. */
  readonly soft: boolean;
  /** A declared edge neither. */
  readonly hard: boolean;
}

/** Tells which edges from a task are met. */
export function met(task: TaskState): Met {
  const over = task.phase === "finished" || task.phase === "settling" || task.phase === "done";
  return { soft: over, hard: over && task.outcome === "succeeded" };
}

/** Counts for every task the edges of the plan that are not met. O(tasks + edges). */
export function countUnmet(plan: SchedulerPlan, tasks: readonly TaskState[]): void {
  for (let i = 0; i < tasks.length; i++) {
    tasks[i]!.unmet = 0;
    tasks[i]!.unmetSoft = 0;
  }
  for (let i = 0; i < tasks.length; i++) {
    const { soft, hard } = met(tasks[i]!);
    for (let edge = plan.start[i]!; edge < plan.start[i + 1]!; edge++) {
      const successor = tasks[plan.node[edge]!]!;
      if (plan.hard[edge] === 1) successor.unmet += hard ? 0 : 1;
      else successor.unmetSoft += soft ? 0 : 1;
    }
  }
}
