// Chooses who starts: the most urgent ready task that the limits leave room for.
import type { SchedulerCommand } from "./messages.ts";
import type { SchedulerState, WaitReason } from "./state.ts";

type Obstacle = "tag" | "memory" | "verdict";

/** Starts what can start with the slots in hand, and says how many more could be used or are left over. */
export function startReady(state: SchedulerState, commands: SchedulerCommand[]): void {
  if (state.ending === null && state.halted === null) {
    while (state.slots > 0 && state.ready.size > 0 && !state.aloneRunning) {
      const index = state.ready.pop()!;
      if (state.tasks[index]!.alone && state.running > 0) {
        state.ready.push(index); // it starts when the last of the others has ended
        break;
      }
      if (!mustWait(state, index, commands)) start(state, index, commands);
    }
  }
  balanceSlots(state, commands);
}

function start(state: SchedulerState, index: number, commands: SchedulerCommand[]): void {
  const task = state.tasks[index]!;
  task.phase = "running";
  task.attempts += 1;
  task.aborting = false;
  state.slots -= 1;
  state.running += 1;
  state.aloneRunning = task.alone;
  state.told.delete(index);
  for (const tag of state.plan.tags[index]!) state.tagUse[tag]! += 1;
  countMemory(state, index, 1);
  commands.push({ type: "start", task: index, attempt: task.attempts, cause: task.next });
}

/** Frees what a running attempt holds, except its slot, which goes back through `slot.granted`. */
export function freeLimits(state: SchedulerState, index: number): void {
  state.running -= 1;
  state.aloneRunning = false;
  countMemory(state, index, -1);
  for (const tag of state.plan.tags[index]!) {
    state.tagUse[tag]! -= 1;
    wakeNext(state, tag);
  }
  retryMemory(state);
}

function wakeNext(state: SchedulerState, tag: number): void {
  const next = state.waitingForTag[tag]!.pop();
  if (next !== undefined) state.ready.push(next);
}

/** Lets the most urgent task that waits for memory try again. */
export function retryMemory(state: SchedulerState): void {
  const next = state.waitingForMemory.pop();
  if (next !== undefined) state.ready.push(next);
}

/** Lets every task that waits for a verdict try again. */
export function retryVerdict(state: SchedulerState): void {
  for (let next = state.waitingForVerdict.pop(); next !== undefined; next = state.waitingForVerdict.pop()) {
    state.ready.push(next);
  }
}

function mustWait(state: SchedulerState, index: number, commands: SchedulerCommand[]): boolean {
  const obstacle = queueBehindObstacle(state, index, commands);
  if (obstacle === null) return false;
  passOn(state, index, obstacle);
  return true;
}

/** A task's place under the limits is another's now, who was not woken as long as this one might take it. */
export function passOn(state: SchedulerState, index: number, obstacle: Obstacle | null = null): void {
  if (obstacle !== "memory") retryMemory(state);
  for (const tag of state.plan.tags[index]!) {
    if (state.tagUse[tag]! < state.plan.tagLimits[tag]!) wakeNext(state, tag);
  }
}

function queueBehindObstacle(
  state: SchedulerState,
  index: number,
  commands: SchedulerCommand[],
): Obstacle | null {
  const { plan } = state;
  const full = plan.tags[index]!.find((tag) => state.tagUse[tag]! >= plan.tagLimits[tag]!);
  if (full !== undefined) {
    state.waitingForTag[full]!.push(index);
    tell(state, index, { kind: "tag", tag: full, limit: plan.tagLimits[full]! }, commands);
    return "tag";
  }
  const memory = memoryObstacle(state, index);
  if (memory !== undefined) {
    state.waitingForMemory.push(index);
    tell(state, index, memory, commands);
    return "memory";
  }
  if (plan.onFailure !== "continue" && isBehindFailure(state, index)) {
    state.waitingForVerdict.push(index);
    return "verdict";
  }
  return null;
}

function countMemory(state: SchedulerState, index: number, by: 1 | -1): void {
  const declaredMiB = state.plan.memoryMiB[index]!;
  if (Number.isNaN(declaredMiB)) state.undeclaredRunning += by;
  else state.declaredMiB += by * declaredMiB;
}

// Memory in use, plus what each running task and this one may still need, must stay within the budget. A task alone
// always starts, or nothing ever would.
function memoryObstacle(state: SchedulerState, index: number): WaitReason | undefined {
  if (state.running === 0) return undefined;
  const { memory, running } = state;
  const ownMiB = state.plan.memoryMiB[index]!;
  const needMiB = Number.isNaN(ownMiB) ? memory.estimateMiB : ownMiB;
  const othersMiB = state.declaredMiB + state.undeclaredRunning * memory.estimateMiB;
  if (memory.usedMiB + othersMiB + needMiB <= memory.budgetMiB) return undefined;
  return { kind: "memory", needMiB, othersMiB, running, ...memory };
}

function isBehindFailure(state: SchedulerState, index: number): boolean {
  for (const failed of state.unsettledFailures) if (failed < index) return true;
  return false;
}

/** Says once why a task waits. */
export function tell(
  state: SchedulerState,
  index: number,
  reason: WaitReason,
  commands: SchedulerCommand[],
): void {
  if (state.told.get(index) === reason.kind) return;
  state.told.set(index, reason.kind);
  commands.push({ type: "tell-wait", task: index, reason });
}

function balanceSlots(state: SchedulerState, commands: SchedulerCommand[]): void {
  const mayStart = state.ending === null && state.halted === null && !state.aloneRunning;
  const usable = mayStart ? state.ready.size : 0;
  if (state.slots > 0 && usable === 0) {
    commands.push({ type: "return-slots", slots: state.slots });
    state.slots = 0;
  }
  const wanted = Math.max(0, usable - state.slots);
  if (wanted === state.wanted) return;
  state.wanted = wanted;
  commands.push({ type: "want-slots", slots: wanted });
}
