// Performs what the scheduler commands and reports back what happened.
//
// Owns:     the live attempts, their records until they are settled, timers, slots.
// Does not: decide. Every decision is the scheduler's.
//
// Invariants:
//   R1. Events are taken into the scheduler one at a time, in the order in which they came.
//   R2. A record whose task runs again, or is skipped, is dropped together with its output.
//   R3. When the loop ends nothing of the run is running: no attempt, no timer, no slot in hand.
import { type TaskFailure, toWireError, type WireError } from "@sheaf/core";
import type { Effects } from "@sheaf/workdir";
import { type MemoryWatch, watchMemory } from "../resources/memory-watch.ts";
import type { SlotMember } from "../resources/slot-pool.ts";
import { checkInvariants } from "../scheduler/check-invariants.ts";
import { createSchedulerState } from "../scheduler/create-state.ts";
import type { SchedulerCommand, SchedulerEvent } from "../scheduler/messages.ts";
import type { Cause, SchedulerState } from "../scheduler/state.ts";
import { step } from "../scheduler/step.ts";
import { mayBeDoomed } from "../scheduler/transitions.ts";
import { LiveAttempt } from "./attempt.ts";
import { becauseOf, inputCause } from "./because-of.ts";
import { doubtFailure } from "./doubt.ts";
import { findDoomed } from "./find-doomed.ts";
import { KeptRecords } from "./kept-records.ts";
import { emitFailed, emitFinished, emitStarted, emitWait } from "./loop-events.ts";
import type { LoopEnd, LoopRequest } from "./loop-request.ts";
import { keepMemo } from "./memo.ts";
import { HeldSlot, surroundingTask } from "./nesting.ts";
import { RetryTimers } from "./retry-timers.ts";
import { findReusable, mayReuse, repeatedRecord } from "./reuse.ts";
import { settleTask } from "./settle-task.ts";
import { faultOf } from "./verify-directory.ts";
import { Waste } from "./waste.ts";
import type { AttemptRecord, World } from "./world.ts";

type StartCommand = SchedulerCommand & { readonly type: "start" };

/** Runs a plan to its end. */
export class RunLoop {
  readonly #world: World;
  readonly #request: LoopRequest;
  readonly #state: SchedulerState;
  readonly #seat: SlotMember;
  readonly #memory: MemoryWatch;
  readonly #events: SchedulerEvent[] = [];
  readonly #live = new Map<number, LiveAttempt>();
  readonly #records: KeptRecords;
  readonly #readyAt = new Map<number, number>();
  readonly #abandoned = new Set<number>();
  /** Tasks whose running attempt is ended because it will not count. */
  readonly #doomed = new Set<number>();
  readonly #timers = new RetryTimers();
  readonly #waste = new Waste();
  #busy = false;
  #fault: WireError | null = null;
  #finish: (end: LoopEnd) => void = () => {};
  readonly #ended: Promise<LoopEnd>;

  constructor(request: LoopRequest) {
    const { world, plan, slots, nested, earlier } = request;
    this.#world = world;
    this.#request = request;
    this.#state = createSchedulerState(plan, earlier);
    this.#records = new KeptRecords(world.outputs);
    for (const [task, record] of request.done.entries()) this.#records.keep(task, record);
    this.#ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const grant = (): void => this.send({ type: "slot.granted" });
    this.#seat = slots.join({ most: world.settings.maxWorkers, nested, grant });
    this.#memory = watchMemory({
      clock: world.clock,
      settings: world.settings,
      live: () => this.#live.values(),
      measured: (memory) => this.send({ type: "memory.measured", memory }),
    });
  }

  /** Runs to the end. A run that was cancelled, or halted, before it came here starts nothing. */
  run(cancelled: string | null): Promise<LoopEnd> {
    const { halted } = this.#world.budgets;
    if (cancelled !== null) this.send({ type: "run.cancelled", message: cancelled });
    else if (halted !== null) this.send({ type: "run.halted", message: halted });
    else {
      this.#memory.start();
      this.send({ type: "run.started" });
    }
    return this.#ended;
  }

  /** Takes what has happened into the run. */
  send(event: SchedulerEvent): void {
    this.#events.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#take(next);
    } finally {
      this.#busy = false;
    }
  }

  #take(event: SchedulerEvent): void {
    const commands = step(this.#state, event);
    if (this.#request.validate) checkInvariants(this.#state);
    const now = this.#world.clock.now();
    for (const task of this.#state.newlyReady.splice(0)) this.#readyAt.set(task, now);
    for (const command of commands) this.#perform(command);
  }

  #perform(command: SchedulerCommand): void {
    switch (command.type) {
      case "start":
        this.#start(command);
        break;
      case "settle":
        void this.#settle(command.task);
        break;
      case "back-off":
        this.#backOff(command.task, command.retry);
        break;
      case "skip":
        this.#skip(command.task, command.cause);
        break;
      case "doubt":
        this.#doubt(command.task);
        break;
      case "abort":
        this.#live
          .get(command.task)
          ?.abort({ kind: "because", because: becauseOf(this.#world, command.cause) });
        break;
      case "tell-wait":
        emitWait(this.#world, command.task, command.reason);
        break;
      case "want-slots":
        this.#seat.want(command.slots);
        break;
      case "return-slots":
        this.#seat.release(command.slots);
        break;
      case "finish":
        this.#end();
        break;
      default:
        command satisfies never;
    }
  }

  #start(command: StartCommand): void {
    const { task } = command;
    this.#records.drop(task);
    if (mayReuse(this.#world, task)) void this.#reuse(command);
    else this.#launch(command);
  }

  async #reuse(command: StartCommand): Promise<void> {
    const { task } = command;
    const found = await findReusable(this.#world, command, this.#below(task)).catch(() => null);
    if (this.#state.tasks[task]!.aborting) {
      this.send({ type: "attempt.ended", task, ended: "aborted", retryable: false, outOfMemory: false });
      this.#seat.release(1);
      return;
    }
    const { id: taskId } = this.#world.tasks[task]!;
    if (found !== null) {
      const { record, from, savedUsd } = found;
      this.#world.emit({ type: "task.reused", taskId, attempt: record.attempt, from, savedUsd });
      await this.#attemptEnded(task, this.#records.keepEnded(task, record));
    } else if (this.#world.happened.has(taskId)) {
      await this.#attemptEnded(task, this.#records.keepEnded(task, repeatedRecord(command.attempt)));
    } else this.#launch(command);
  }

  #launch({ task, attempt, cause }: StartCommand): void {
    const world = this.#world;
    emitStarted(world, task, { attempt, cause });
    const readyAt = this.#readyAt.get(task) ?? world.clock.now();
    const fresh = this.#abandoned.has(task);
    const below = this.#below(task);
    const afterConflict = this.#state.tasks[task]!.conflicted;
    const start = { task, attempt, cause, readyAt, below, fresh, afterConflict };
    // Runs that the task starts find its slot here.
    const live = surroundingTask.run(new HeldSlot(this.#seat), () => new LiveAttempt(world, start));
    this.#live.set(task, live);
    void live.record.then((record) => this.#attemptEnded(task, this.#records.keepEnded(task, record)));
  }

  // What finished tasks before this one wrote and nobody has settled yet.
  #below(task: number): readonly Effects[] {
    return this.#world.workdir === null ? [] : this.#records.writtenBetween(this.#state.turn, task);
  }

  async #attemptEnded(task: number, record: AttemptRecord): Promise<void> {
    const world = this.#world;
    if (!record.reused) emitFinished(world, task, record);
    await this.#endDoomed(task);
    this.#live.delete(task);
    this.#waste.count(record);
    if (!record.quiet) this.#abandoned.add(task);
    this.#memory.observe(task, record.resources.peakMemoryMiB);
    if (record.failure?.error.code === "MOUNT_HOST_LOST") this.giveUp(record.failure.error);
    if (this.#doomed.delete(task)) this.#dropInVain(task, record);
    const { status: ended, retryable, outOfMemory, together } = record;
    const refused = world.budgets.hasRefused(world.tasks[task]!.id, record.attempt);
    this.send({ type: "attempt.ended", task, ended, retryable, outOfMemory, together, refused });
    this.#seat.release(1);
  }

  // Before anything starts on what the attempt left.
  async #endDoomed(ended: number): Promise<void> {
    if (this.#state.tasks[ended]!.aborting) return; // nothing follows from what does not count
    const isOpen = (task: number): boolean => mayBeDoomed(this.#state, task);
    const attempts = { live: this.#live, records: this.#records, isOpen };
    for await (const { task, attempt, conflicts } of findDoomed(this.#world, ended, attempts)) {
      if (!isOpen(task)) continue; // since it was found its turn has come, or others have ended it
      const taskId = this.#world.tasks[task]!.id;
      this.#world.emit({ type: "task.conflicted", taskId, attempt, conflicts });
      if (this.#state.tasks[task]!.phase === "running") this.#doomed.add(task);
      else this.#dropInVain(task, this.#records.get(task));
      this.send({ type: "attempt.doomed", task });
    }
  }

  async #settle(task: number): Promise<void> {
    try {
      const record = this.#records.get(task);
      const settlement = await settleTask(this.#world, task, record);
      if (settlement.verdict === "committed") await keepMemo(this.#world, task, record);
      if (settlement.verdict === "conflict") this.#dropInVain(task, record);
      if (settlement.verdict === "refused") this.#records.fail(task, settlement.failure);
      const cause = settlement.verdict === "skipped" ? inputCause(this.#state, settlement.from) : undefined;
      if (cause !== undefined) this.#skip(task, cause);
      const { verdict } = settlement;
      this.send({ type: "task.settled", task, verdict, ...(cause === undefined ? {} : { cause }) });
    } catch (error) {
      this.#fail(task, error);
    }
  }

  #dropInVain(task: number, record: AttemptRecord): void {
    this.#records.drop(task);
    const reason = this.#waste.conflicted(this.#world, record);
    if (reason === null) return;
    this.#world.emit({ type: "run.fallback", part: "speculation", reason });
    this.send({ type: "speculation.ended" });
  }

  /** Ends the run for what is no task's failure: nothing more may be built on what is there now. */
  giveUp(fault: WireError): void {
    this.#fault ??= fault;
    this.send({ type: "run.cancelled", message: fault.message });
  }

  // The directory or the disk failed under a commit.
  #fail(task: number, thrown: unknown): void {
    const error = toWireError(faultOf(thrown, this.#world.workdir?.dir));
    const failure = { kind: "disk", error } as const;
    this.#records.fail(task, failure);
    this.#emitFailed(task, failure);
    this.giveUp(error);
    this.send({ type: "task.settled", task, verdict: "refused" });
  }

  #backOff(task: number, retry: number): void {
    const { attempt } = this.#records.get(task);
    const delayMs = this.#timers.start(this.#world, retry, () => this.send({ type: "retry.due", task }));
    this.#world.emit({ type: "task.retrying", taskId: this.#world.tasks[task]!.id, attempt, delayMs });
  }

  #skip(task: number, cause: Cause): void {
    const taskId = this.#world.tasks[task]!.id;
    const isDone = cause.reason === "budget" && this.#records.find(task)?.status === "succeeded";
    const because = isDone ? ({ ...cause, done: true } as const) : becauseOf(this.#world, cause);
    if (["stopped", "in-doubt", "budget"].includes(cause.reason)) this.#records.dropOutput(task);
    else this.#records.drop(task);
    const type = cause.reason === "cancelled" ? "task.cancelled" : "task.skipped";
    this.#world.emit({ type, taskId, because });
  }

  #doubt(task: number): void {
    const failure = doubtFailure(this.#world, task);
    this.#records.explain(task, failure);
    this.#emitFailed(task, failure);
  }

  #emitFailed(task: number, failure: TaskFailure): void {
    emitFailed(this.#world, { task, failure, attempt: this.#records.get(task).attempt });
  }

  #end(): void {
    this.#timers.stop();
    this.#memory.stop();
    this.#seat.leave();
    this.#finish({ state: this.#state, records: this.#records.all, fault: this.#fault });
  }
}
