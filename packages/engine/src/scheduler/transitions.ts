// Moves of single tasks between phases, and what each move means for the tasks that wait for it.
import type { SchedulerCommand } from "./messages.ts";
import { passOn } from "./start-ready.ts";
import type { Cause, Outcome, Phase, SchedulerState } from "./state.ts";
import { met } from "./unmet.ts";

/** Moves a task and tells its successors. */
export function move(
  state: SchedulerState,
  index: number,
  phase: Phase,
  outcome: Outcome | null = null,
): void {
  const task = state.tasks[index]!;
  const before = met(task);
  task.phase = phase;
  task.outcome = outcome;
  const after = met(task);
  if (outcome === "failed" && phase !== "done") state.unsettledFailures.add(index);
  else state.unsettledFailures.delete(index);
  if (before.soft !== after.soft) countLevel(state, index, after.soft);
  if (before.soft === after.soft && before.hard === after.hard) return;
  const { start, node, hard } = state.plan;
  for (let edge = start[index]!; edge < start[index + 1]!; edge++) {
    const kind = hard[edge] === 1 ? "hard" : "soft";
    if (before[kind] !== after[kind]) countEdge(state, node[edge]!, kind, after[kind]);
  }
  if (before.soft === after.soft) return;
  for (const successor of state.late.get(index) ?? []) countEdge(state, successor, "soft", after.soft);
}

function countEdge(state: SchedulerState, to: number, kind: "hard" | "soft", isMet: boolean): void {
  state.tasks[to]![kind === "hard" ? "unmet" : "unmetSoft"] += isMet ? -1 : 1;
  if (isMet) offer(state, to);
  else withdraw(state, to);
}

/**
 * Tells whether a task waits for others, or for what it waits for to be known. Edges come from tasks before it alone,
 * so in its turn none holds it back, whatever they will turn out to be.
 */
export function isHeldBack({ tasks, speculates, turn }: SchedulerState, index: number): boolean {
  const { unmet, unmetSoft, held } = tasks[index]!;
  return unmet > 0 || (!speculates && (unmetSoft > 0 || (held && index !== turn)));
}

/** Tells whether a task may start only when all before it are settled: always, or since what it read was wrong. */
export const startsInTurn = ({ plan, tasks }: SchedulerState, index: number): boolean =>
  plan.inTurn[index] === 1 || tasks[index]!.conflicted;

/** Tells whether a task has an attempt that runs, or has ended, and may still turn out to have read what is wrong. */
export function mayBeDoomed({ tasks, turn, ending }: SchedulerState, index: number): boolean {
  const { phase, outcome, conflicted, aborting } = tasks[index]!;
  if (index <= turn || conflicted || aborting || ending !== null) return false;
  return phase === "running" || (phase === "finished" && (outcome === "succeeded" || outcome === "failed"));
}

/** Waits for inferred edges from now on. What runs goes on. */
export function endSpeculation(state: SchedulerState): void {
  state.speculates = false;
  for (let i = 0; i < state.tasks.length; i++) withdraw(state, i);
}

/** One conflict in so many settled tasks says that edges are missing. */
const MANY_CONFLICTS = 10;

/** Returns the last task that may start: while many conflict, it is too likely that one far ahead starts in vain. */
export const reachOf = ({ plan, turn, conflicts }: SchedulerState): number =>
  conflicts * MANY_CONFLICTS > turn ? Math.min(plan.size - 1, turn + plan.lookahead) : plan.size - 1;

/** Takes note that the turn has come further, or that a task has conflicted. */
export function moveReach(state: SchedulerState): void {
  const before = state.reach;
  state.reach = reachOf(state);
  for (let i = state.reach + 1; i <= before; i++) {
    if (state.tasks[i]!.phase !== "ready") continue;
    leaveQueues(state, i);
    state.tasks[i]!.phase = "waiting";
  }
  for (let i = before + 1; i <= state.reach; i++) offer(state, i);
}

/** Lets a task compete for a slot if nothing else keeps it waiting. */
export function offer(state: SchedulerState, index: number): void {
  const task = state.tasks[index]!;
  if (task.phase !== "waiting" || isHeldBack(state, index) || state.ending !== null) return;
  // The task whose turn it is may always start: everybody after it waits for it, whatever its level.
  if (state.turn !== index) {
    if (startsInTurn(state, index) || index > state.reach) return;
    if (state.plan.level !== null && state.plan.level[index]! > state.openLevel) return;
  }
  task.phase = "ready";
  state.newlyReady.push(index);
  state.ready.push(index);
}

/**
 * Takes a task that has not started back to waiting where there is something to wait for: a predecessor runs again, or
 * is known only now. One that runs goes on: what it has read is checked in its turn.
 */
export function withdraw(state: SchedulerState, index: number): void {
  const task = state.tasks[index]!;
  if (task.phase !== "ready" || !isHeldBack(state, index)) return;
  leaveQueues(state, index);
  task.phase = "waiting";
}

function leaveQueues(state: SchedulerState, index: number): void {
  state.ready.remove(index);
  state.waitingForMemory.remove(index);
  state.waitingForVerdict.remove(index);
  for (const queue of state.waitingForTag) queue.remove(index);
  passOn(state, index);
}

function countLevel(state: SchedulerState, index: number, over: boolean): void {
  const { level } = state.plan;
  if (level === null) return;
  state.levelLeft[level[index]!]! += over ? -1 : 1;
  const opened = state.openLevel;
  while (state.openLevel < state.levelLeft.length - 1 && state.levelLeft[state.openLevel] === 0)
    state.openLevel += 1;
  if (state.openLevel === opened) return;
  for (let i = 0; i < state.tasks.length; i++) {
    if (level[i]! > opened && level[i]! <= state.openLevel) offer(state, i);
  }
}

/** Takes back whatever a task has done or will do; it is skipped in its turn. */
export function skipInTurn(
  state: SchedulerState,
  index: number,
  cause: Cause,
  commands: SchedulerCommand[],
): void {
  const task = state.tasks[index]!;
  if (task.phase === "done" || task.outcome === "skipped" || (task.cause !== null && task.aborting)) return;
  task.cause = cause;
  if (task.phase === "running") {
    abort(state, index, cause, commands);
    return;
  }
  leaveQueues(state, index);
  move(state, index, "finished", "skipped");
}

/** Asks for the end of a running attempt; what it brings will not count. */
export function abort(
  state: SchedulerState,
  index: number,
  cause: Cause,
  commands: SchedulerCommand[],
): void {
  const task = state.tasks[index]!;
  if (task.phase !== "running" || task.aborting) return;
  task.aborting = true;
  commands.push({ type: "abort", task: index, cause });
}
