// The scheduler: who starts next, and whose turn it is to be settled.
//
// Owns:     phases and outcomes of tasks, the queues, the counts of slots and limits.
// Does not: await, read a clock, touch files, start threads. The run loop does.
//
// Invariants (checked by `checkInvariants` at every step in tests):
//   S1. `step` depends on nothing but the state and the event.
//   S2. A task starts only when every declared predecessor has succeeded and, unless the run speculates, every
//       inferred one is over; where the inferred ones are not known yet, when all before it are settled.
//   S3. running <= slots granted; no limit is exceeded.
//   S4. Tasks are settled strictly in serial order, one at a time.
//   S5. A task that must run in its turn, always or since it conflicted, starts only when all before it are settled.
//   S6. A settled task never changes again; a task conflicts at most once.
import { release, takePlan } from "./late-edges.ts";
import type { SchedulerCommand, SchedulerEvent } from "./messages.ts";
import { freeLimits, retryMemory, retryVerdict, startReady, tell } from "./start-ready.ts";
import type { Cause, Outcome, SchedulerState, TaskState } from "./state.ts";
import {
  abort,
  endSpeculation,
  isHeldBack,
  mayBeDoomed,
  move,
  moveReach,
  offer,
  skipInTurn,
} from "./transitions.ts";

/** Takes one event into the state, in place, and returns what is to be done now. */
export function step(state: SchedulerState, event: SchedulerEvent): readonly SchedulerCommand[] {
  const commands: SchedulerCommand[] = [];
  if (state.finished) return commands;
  switch (event.type) {
    case "run.started":
      for (let i = 0; i < state.tasks.length; i++) offer(state, i);
      break;
    case "slot.granted":
      state.slots += 1;
      state.wanted = Math.max(0, state.wanted - 1);
      break;
    case "attempt.ended":
      attemptEnded(state, event, commands);
      break;
    case "retry.due":
      retryDue(state, event.task);
      break;
    case "task.settled":
      taskSettled(state, event, commands);
      break;
    case "attempt.doomed":
      attemptDoomed(state, event.task, commands);
      break;
    case "speculation.ended":
      endSpeculation(state);
      break;
    case "memory.measured":
      state.memory = event.memory;
      retryMemory(state);
      break;
    case "task.released":
      release(state, event);
      break;
    case "plan.final":
      takePlan(state, event.plan);
      break;
    case "run.halted":
      state.halted ??= { reason: "budget", message: event.message };
      break;
    case "run.cancelled":
      end(state, { reason: "cancelled", message: event.message }, commands);
      break;
    default:
      event satisfies never;
  }
  settleNext(state, commands);
  startReady(state, commands);
  finishIfOver(state, commands);
  return commands;
}

function attemptEnded(
  state: SchedulerState,
  event: SchedulerEvent & { type: "attempt.ended" },
  commands: SchedulerCommand[],
): void {
  const { plan } = state;
  const task = state.tasks[event.task]!;
  freeLimits(state, event.task);
  if (task.aborting) {
    task.aborting = false;
    // Aborted for the end of the run: it gets its outcome with the others. Aborted for a failed predecessor: skipped.
    // Aborted for a conflict: it runs again in its turn.
    if (state.ending !== null && task.cause === null) move(state, event.task, "waiting");
    else if (task.cause === null) again(state, event.task, "conflict");
    else move(state, event.task, "finished", "skipped");
    return;
  }
  if (event.ended === "succeeded") {
    move(state, event.task, "finished", "succeeded");
    return;
  }
  if (event.ended === "lost" && plan.once[event.task] === 1) {
    move(state, event.task, "finished", "in-doubt");
    return;
  }
  const mayRun = state.ending === null;
  // Whoever brought the others down does so again, alone, and then it counts.
  const innocent = event.together === true && !task.alone;
  if (event.ended === "lost" && mayRun && (innocent || task.restartsUsed < plan.maxRestarts)) {
    if (!innocent) task.restartsUsed += 1;
    task.alone ||= event.outOfMemory || innocent;
    again(state, event.task, "restart");
    return;
  }
  if (event.ended === "failed" && event.refused === true && mayRun) {
    refused(state, event.task, commands);
    return;
  }
  if (event.ended === "failed" && event.retryable && mayRun && task.retriesUsed < plan.retries[event.task]!) {
    task.retriesUsed += 1;
    task.next = "retry";
    move(state, event.task, "backoff");
    commands.push({ type: "back-off", task: event.task, retry: task.retriesUsed });
    return;
  }
  move(state, event.task, "finished", "failed");
}

// It starts again when calls of others have ended, or, once nothing starts any more, in a later session.
function refused(state: SchedulerState, index: number, commands: SchedulerCommand[]): void {
  state.tasks[index]!.next = "restart";
  move(state, index, state.halted === null ? "backoff" : "waiting");
  if (state.halted === null) commands.push({ type: "back-off", task: index, retry: 1 });
}

// Whether it runs or has ended: nothing of it will count, so it ends here, and starts again in its turn. There it reads
// what is committed and nothing else, so it cannot be wrong once more.
function attemptDoomed(state: SchedulerState, index: number, commands: SchedulerCommand[]): void {
  if (!mayBeDoomed(state, index)) return;
  noteConflict(state, index);
  if (state.tasks[index]!.phase === "finished") again(state, index, "conflict");
  else abort(state, index, { reason: "conflict" }, commands);
}

function noteConflict(state: SchedulerState, index: number): void {
  const task = state.tasks[index]!;
  if (task.conflicted) throw new Error(`Internal error: task ${index} conflicts twice`);
  task.conflicted = true;
  task.retriesUsed = 0;
  state.conflicts += 1;
  moveReach(state);
  retryVerdict(state);
}

function again(state: SchedulerState, index: number, cause: TaskState["next"]): void {
  const task = state.tasks[index]!;
  task.next = cause;
  move(state, index, "waiting");
  offer(state, index);
}

function retryDue(state: SchedulerState, index: number): void {
  const { phase, next } = state.tasks[index]!;
  if (phase === "backoff") again(state, index, next);
}

// What a verdict makes of the outcome; a committed task keeps the one that it has.
const VERDICTS: { readonly [verdict: string]: Outcome } = { refused: "failed", skipped: "skipped" };

function taskSettled(
  state: SchedulerState,
  event: SchedulerEvent & { type: "task.settled" },
  commands: SchedulerCommand[],
): void {
  const task = state.tasks[event.task]!;
  state.settling = false;
  if (event.verdict === "conflict") {
    noteConflict(state, event.task);
    if (state.ending === null) again(state, event.task, "conflict");
    else move(state, event.task, "waiting");
    return;
  }
  const outcome = VERDICTS[event.verdict] ?? task.outcome!;
  if (event.cause !== undefined) task.cause = event.cause;
  settle(state, event.task, outcome, commands);
}

function settle(state: SchedulerState, index: number, outcome: Outcome, commands: SchedulerCommand[]): void {
  const wasFailure = state.unsettledFailures.has(index);
  move(state, index, "done", outcome);
  if (wasFailure) retryVerdict(state);
  state.turn += 1;
  moveReach(state);
  if (state.turn < state.tasks.length) offer(state, state.turn);
  if (outcome === "succeeded") return;
  if (outcome === "failed" || outcome === "skipped") skipDependents(state, index, commands);
  if (outcome === "failed" && state.plan.onFailure !== "continue") {
    end(state, { reason: "stopped", task: index }, commands);
  }
  if (outcome === "in-doubt") end(state, { reason: "in-doubt", task: index }, commands);
}

// What depends on it by declaration cannot run; `root` stays the task where the trouble began.
function skipDependents(state: SchedulerState, index: number, commands: SchedulerCommand[]): void {
  const { start, node, hard } = state.plan;
  const why = state.tasks[index]!.cause;
  const root = why !== null && "root" in why ? why.root : index;
  for (let edge = start[index]!; edge < start[index + 1]!; edge++) {
    if (hard[edge] === 0) continue;
    skipInTurn(state, node[edge]!, { reason: "dependency", task: index, root }, commands);
  }
}

/** Settles in serial order as far as tasks are finished; one settlement is under way at a time. */
function settleNext(state: SchedulerState, commands: SchedulerCommand[]): void {
  while (!state.settling && state.ending === null && state.turn < state.tasks.length) {
    const index = state.turn;
    const task = state.tasks[index]!;
    if (task.phase !== "finished") {
      tellTurns(state, commands);
      return;
    }
    if (task.outcome === "skipped") {
      commands.push({ type: "skip", task: index, cause: task.cause! });
      settle(state, index, "skipped", commands);
    } else if (task.outcome === "in-doubt") {
      commands.push({ type: "doubt", task: index });
      settle(state, index, "in-doubt", commands);
    } else {
      move(state, index, "settling", task.outcome);
      state.settling = true;
      commands.push({ type: "settle", task: index });
    }
  }
}

// Says of the next task that is held back by its turn alone that it is so; those after it are held back as well.
function tellTurns(state: SchedulerState, commands: SchedulerCommand[]): void {
  const next = state.turn + 1;
  const task = state.tasks[next];
  if (task === undefined || state.plan.inTurn[next] === 0) return;
  if (task.phase === "waiting" && !isHeldBack(state, next)) tell(state, next, { kind: "turn" }, commands);
}

function end(state: SchedulerState, cause: Cause, commands: SchedulerCommand[]): void {
  if (state.ending !== null) return;
  state.ending = cause;
  if (cause.reason !== "cancelled" && state.plan.onFailure !== "cancel") return;
  for (let i = 0; i < state.tasks.length; i++) abort(state, i, cause, commands);
}

function finishIfOver(state: SchedulerState, commands: SchedulerCommand[]): void {
  if (state.running > 0 || state.settling) return;
  // Whatever is finished has been settled by now.
  if (state.turn < state.tasks.length) state.ending ??= state.halted;
  if (state.ending === null && state.turn < state.tasks.length) return;
  if (state.ending !== null) giveOutcomes(state, state.ending, commands);
  state.finished = true;
  commands.push({ type: "finish" });
}

// The run ends early: what was not settled gets the reason of the end as its own.
function giveOutcomes(state: SchedulerState, cause: Cause, commands: SchedulerCommand[]): void {
  const outcome = cause.reason === "cancelled" ? "cancelled" : "skipped";
  for (let i = state.turn; i < state.tasks.length; i++) {
    const task = state.tasks[i]!;
    task.cause ??= cause;
    task.phase = "done";
    task.outcome = outcome;
    commands.push({ type: "skip", task: i, cause: task.cause });
  }
  state.turn = state.tasks.length;
}
