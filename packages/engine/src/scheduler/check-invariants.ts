import type { SchedulerState } from "./state.ts";
import { isHeldBack, reachOf, startsInTurn } from "./transitions.ts";

/** Throws when the state contradicts itself. For tests and for runs with `validate: true`; costs O(tasks). */
export function checkInvariants(state: SchedulerState): void {
  const { plan, tasks } = state;
  const wrong = (what: string): never => {
    throw new Error(`Internal error: scheduler state: ${what}`);
  };
  const running = tasks.filter((task) => task.phase === "running").length;
  if (running !== state.running) wrong(`${running} tasks run, ${state.running} are counted`);
  for (const [tag, use] of state.tagUse.entries()) {
    const real = tasks.filter((task, i) => task.phase === "running" && plan.tags[i]!.includes(tag)).length;
    if (real !== use || use > plan.tagLimits[tag]!) wrong(`limit ${tag} counts ${use}, in use are ${real}`);
  }
  const silent = tasks.filter(
    (task, i) => task.phase === "running" && Number.isNaN(plan.memoryMiB[i]!),
  ).length;
  if (silent !== state.undeclaredRunning)
    wrong(`${state.undeclaredRunning} are counted without a need, not ${silent}`);
  tasks.forEach((task, i) => {
    if ((task.phase === "done") !== i < state.turn) wrong(`task ${i} is ${task.phase} at turn ${state.turn}`);
    if (task.phase === "settling" && (i !== state.turn || !state.settling))
      wrong(`task ${i} settles out of turn`);
    if (task.phase === "done" && task.outcome === null) wrong(`task ${i} is done without an outcome`);
    if (
      task.phase === "ready" &&
      (isHeldBack(state, i) || (state.turn !== i && (startsInTurn(state, i) || i > reachOf(state))))
    ) {
      wrong(`task ${i} is ready too early`);
    }
    // S5, also of those that run; a doomed attempt may still be on its way out.
    if (i > state.turn && task.phase === "running" && startsInTurn(state, i) && !task.aborting) {
      wrong(`task ${i} runs before its turn`);
    }
  });
  if (state.finished) return; // an early end gives outcomes without counting edges
  const unmet = new Int32Array(tasks.length);
  const unmetSoft = new Int32Array(tasks.length);
  for (let i = 0; i < tasks.length; i++) {
    const { phase, outcome } = tasks[i]!;
    const over = phase === "finished" || phase === "settling" || phase === "done";
    for (let edge = plan.start[i]!; edge < plan.start[i + 1]!; edge++) {
      if (plan.hard[edge] === 0) unmetSoft[plan.node[edge]!]! += over ? 0 : 1;
      else if (!over || outcome !== "succeeded") unmet[plan.node[edge]!]! += 1;
    }
    for (const successor of state.late.get(i) ?? []) unmetSoft[successor]! += over ? 0 : 1;
  }
  tasks.forEach((task, i) => {
    if (task.unmet !== unmet[i]) wrong(`task ${i} counts ${task.unmet} unmet edges, there are ${unmet[i]}`);
    if (task.unmetSoft !== unmetSoft[i]) {
      wrong(`task ${i} counts ${task.unmetSoft} unmet inferred edges, there are ${unmetSoft[i]}`);
    }
  });
}
