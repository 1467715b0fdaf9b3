// Inferred edges that become known while tasks run already.
import type { SchedulerEvent } from "./messages.ts";
import type { SchedulerPlan, SchedulerState } from "./state.ts";
import { offer, withdraw } from "./transitions.ts";
import { countUnmet, met } from "./unmet.ts";

/** Lets a held task go: from now on it waits for its predecessors and no longer for them to be known. */
export function release(
  state: SchedulerState,
  { task: index, predecessors }: SchedulerEvent & { type: "task.released" },
): void {
  const task = state.tasks[index]!;
  if (!task.held) return;
  task.held = false;
  for (const from of predecessors) {
    const successors = state.late.get(from);
    if (successors === undefined) state.late.set(from, [index]);
    else successors.push(index);
    if (!met(state.tasks[from]!).soft) task.unmetSoft += 1;
  }
  offer(state, index);
}

/** Goes on by another plan. What runs goes on, what has not started waits for the edges of the new one alone. */
export function takePlan(state: SchedulerState, plan: SchedulerPlan): void {
  state.plan = plan;
  state.late.clear();
  for (const task of state.tasks) task.held = false;
  countUnmet(plan, state.tasks);
  for (const queue of [
    state.ready,
    ...state.waitingForTag,
    state.waitingForMemory,
    state.waitingForVerdict,
  ]) {
    queue.reorder();
  }
  for (let i = 0; i < state.tasks.length; i++) {
    withdraw(state, i);
    offer(state, i);
  }
}
