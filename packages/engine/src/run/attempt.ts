// One attempt from its start to its record: a place for it, the executor, its time limits, what it read and wrote.
import { randomUUID } from "node:crypto";
import {
  type AbortCause,
  type AttemptCause,
  type AttemptEnd,
  type AttemptPlace,
  type AttemptPort,
  type AttemptRequest,
  type RunningAttempt,
  SheafError,
  type TakenInput,
  toWireError,
} from "@sheaf/core";
import { type Effects, shownSoFar, type View } from "@sheaf/workdir";
import type { CallingAttempt } from "../calls/model-calls.ts";
import { inputProxy } from "../executor/input-proxy.ts";
import { sweepBeside } from "../executor/task-dirs.ts";
import { requireDisk } from "../resources/disk.ts";
import { attemptEnv } from "./attempt-env.ts";
import { failureOf, type Reported, readEnd, recordOf, type Verdict } from "./attempt-record.ts";
import { bookCostFiles } from "./cost-files.ts";
import { interpolate } from "./interpolate.ts";
import { keepAttempt } from "./keep-attempt.ts";
import { keepStart } from "./keep-start.ts";
import { taskFolder } from "./run-place.ts";
import { tellEffects } from "./tell-effects.ts";
import type { AttemptRecord, ReadSoFar, World } from "./world.ts";

export interface AttemptStart {
  readonly task: number;
  readonly attempt: number;
  readonly cause: AttemptCause;
  /** When the task became ready, in ms since 1970. */
  readonly readyAt: number;
  /** Effects of finished tasks before it that are not settled yet, in serial order. */
  readonly below: readonly Effects[];
  /** The task has conflicted before: this attempt must not. */
  readonly afterConflict: boolean;
  /** Code of an earlier attempt may still be running in the task's usual view. */
  readonly fresh: boolean;
}

/** An attempt while it runs. */
export class LiveAttempt {
  readonly task: number;
  /** Never rejects. */
  readonly record: Promise<AttemptRecord>;
  readonly #world: World;
  readonly #start: AttemptStart;
  readonly #startedAt: number;
  readonly #reported: Reported = { vramPeakMiB: null, modelLoads: 0 };
  readonly #staging = new AbortController();
  /** Outputs that it took, as far as that is known. */
  readonly #taken: TakenInput[] = [];
  #view: View | null = null;
  #running: RunningAttempt | null = null;
  #cause: AbortCause | null = null;
  #open = true;
  #stopTimeout = (): void => {};
  #stopIdle = (): void => {};

  constructor(world: World, start: AttemptStart) {
    this.task = start.task;
    this.#world = world;
    this.#start = start;
    this.#startedAt = world.clock.now();
    this.record = this.#perform();
  }

  /** The first reason wins. */
  abort(cause: AbortCause): void {
    if (this.#cause !== null || !this.#open) return;
    this.#cause = cause;
    this.#staging.abort();
    this.#running?.abort(cause);
  }

  memoryMiB(): number | null {
    return this.#running?.memoryMiB() ?? null;
  }

  /**
   * Returns what is known of its reads while it runs: the outputs that its command names, and what it was shown. What
   * agents take and look at comes with the end of the attempt.
   */
  readSoFar(): ReadSoFar {
    const effects = this.#view === null ? null : shownSoFar(this.#view);
    return { attempt: this.#start.attempt, taken: this.#taken, effects };
  }

  async #perform(): Promise<AttemptRecord> {
    const { world } = this;
    let verdict: Verdict;
    try {
      this.#view = await this.#stage();
      await keepStart(world, this.task);
      const end = await this.#execute();
      this.#taken.push(...end.taken);
      this.#noteVram(this.#running?.vramPeakMiB?.() ?? null);
      verdict = readEnd(world.tasks[this.task]!, end, this.#cause);
    } catch (error) {
      verdict = this.#cause === null ? failureOf(error) : readEnd(world.tasks[this.task]!, null, this.#cause);
    }
    this.#open = false;
    const own = { taskId: world.tasks[this.task]!.id, attempt: this.#start.attempt };
    world.calls.over(own.taskId, own.attempt);
    this.#stopTimeout();
    this.#stopIdle();
    if (this.#view !== null) await bookCostFiles(world, { ...own, beside: this.#view.beside });
    return this.#close(verdict);
  }

  get world(): World {
    return this.#world;
  }

  async #stage(): Promise<View | null> {
    const { world, task } = this;
    const { workdir, tasks, works, place } = world;
    if (workdir === null) return null;
    // Views lie in the run's folder, which may be on another disk than what is published.
    requireDisk([workdir.dir, place.require()], world.settings.minFreeDiskMb);
    const { reads, writes, id, effects = [] } = tasks[task]!;
    const byConstruction = works[task]!.work.kind === "closure";
    const declared = [...(reads ?? []), ...(writes ?? [])];
    const { attempt, below, fresh, afterConflict } = this.#start;
    const everything = reads === undefined && !byConstruction;
    return workdir.stage({
      taskId: id,
      folder: taskFolder(task, id),
      ...{ attempt, below, fresh, enters: works[task]!.executor !== "inline" },
      alone: works[task]!.executor === "process",
      shown: everything ? "everything" : declared,
      reads: everything ? "everything" : (reads ?? []),
      writes: writes ?? null,
      // Somebody else's write through a link looks like a conflict, which neither may have any more.
      mayLink: !afterConflict && effects.length === 0,
      signal: this.#staging.signal,
    });
  }

  async #execute(): Promise<AttemptEnd> {
    const { world, task } = this;
    const { work, executor: kind } = world.works[task]!;
    const executor = world.executors.get(kind);
    const inputs = world.outputs.inputsFor(task, predecessors(world, task));
    const proxy = inputProxy(world.tasks[task]!.id, inputs);
    const { id: taskId, unmetered = false } = world.tasks[task]!;
    const calling = { taskId, ...this.#start };
    const calls = await this.#callVariables(calling);
    try {
      const { task: ready, env } = interpolate(world.tasks[task]!, proxy.inputs, inputs.isBefore);
      const request: AttemptRequest = {
        runId: world.runId,
        task: ready,
        attempt: this.#start.attempt,
        lease: randomUUID(),
        work: work.kind === "command" ? { kind: "command", command: ready.run! } : work,
        place: this.#place(kind),
        inputs,
        memoryLimitMiB: world.settings.maxMemoryMb,
        shim: world.shim,
        env: kind === "inline" ? {} : { ...attemptEnv(world, task, this.#view), ...calls, ...env },
        callRoute: async () => (unmetered ? null : world.calls.route(calling)),
      };
      this.#running = executor.start(request, this.#port());
    } finally {
      this.#taken.push(...proxy.taken());
    }
    if (this.#cause !== null) this.#running.abort(this.#cause);
    this.#armTimeouts();
    return this.#running.ended;
  }

  async #callVariables(calling: CallingAttempt): Promise<Readonly<Record<string, string>>> {
    const { calls, tasks, works } = this.world;
    const { work, executor } = works[this.task]!;
    if (executor === "inline") return {};
    if (tasks[this.task]!.unmetered === true) return calls.past;
    // Agents name servers of their own; of a command nobody would know.
    return work.kind === "command" && !calls.hasUpstreams ? {} : calls.admit(calling);
  }

  #place(kind: string): AttemptPlace {
    if (this.#view === null) return { view: null, beside: this.#beside(kind) };
    const { path, beside, room, shared } = this.#view;
    return { view: path, beside, room, shared };
  }

  // Workers keep an attempt's usage on disk, so that it outlives them; in this thread there is no need.
  #beside(kind: string): string | null {
    if (kind === "inline") return null;
    const { place, tasks } = this.world;
    return place.makeBeside(taskFolder(this.task, tasks[this.task]!.id), this.#start.attempt);
  }

  #armTimeouts(): void {
    const { world, task } = this;
    const timeoutMs = world.tasks[task]!.timeoutMs ?? world.settings.taskTimeoutMs;
    this.#stopTimeout = world.clock.after(timeoutMs, () => this.abort({ kind: "timeout", timeoutMs }));
    this.#showLife();
  }

  #showLife(): void {
    const { idleTimeoutMs } = this.world.tasks[this.task]!;
    if (idleTimeoutMs === undefined || !this.#open) return;
    this.#stopIdle();
    this.#stopIdle = this.world.clock.after(idleTimeoutMs, () => this.abort({ kind: "idle", idleTimeoutMs }));
  }

  // What comes after the end is not heard, but for usage: that money is spent.
  #port(): AttemptPort {
    const { world } = this;
    const { attempt } = this.#start;
    const taskId = world.tasks[this.task]!.id;
    const whileOpen = (act: () => void): void => {
      if (!this.#open) return;
      this.#showLife();
      act();
    };
    return {
      progress: (fraction, message) =>
        whileOpen(() => world.emit({ type: "attempt.progress", taskId, attempt, fraction, message })),
      log: (message) => whileOpen(() => world.emit({ type: "attempt.logged", taskId, attempt, message })),
      heartbeat: () => whileOpen(() => {}),
      usage: (usage) => {
        this.#showLife();
        world.emit({
          type: "attempt.usage",
          taskId,
          attempt,
          ...world.calls.told({ taskId, attempt }, usage),
        });
      },
      modelLoaded: (_name, vramMiB) =>
        whileOpen(() => {
          this.#reported.modelLoads += 1;
          this.#noteVram(vramMiB);
        }),
      pastGateway: () => world.calls.pastGateway({ taskId, attempt }),
      read: async (path) => (this.#open && this.#view !== null ? this.#view.read(path) : false),
      budget: async () => world.budgets.leftFor(taskId),
    };
  }

  #noteVram(mib: number | null): void {
    if (mib !== null) this.#reported.vramPeakMiB = Math.max(mib, this.#reported.vramPeakMiB ?? 0);
  }

  async #close(verdict: Verdict): Promise<AttemptRecord> {
    const { workdir, settings, clock } = this.world;
    const view = this.#view;
    let final = verdict;
    let effects: Effects | null = null;
    if (workdir !== null && view !== null) {
      try {
        effects = await workdir.seal(view, {
          succeeded: final.status === "succeeded",
          quiet: final.quiet,
          observed: final.observed,
        });
        tellEffects(this.world, effects);
        final = refuseUndeclared(final, effects);
      } catch (error) {
        const { quiet, measured } = final;
        final = { ...failureOf(error), quiet, measured };
      }
      const keep = settings.retain === "all" || (settings.retain === "failed" && final.status === "failed");
      if (!keep) await workdir.discard(view).catch(() => {});
      if (settings.retain !== "all") sweepBeside(view.beside);
    }
    const record = recordOf(final, {
      ...{ attempt: this.#start.attempt, taken: this.#taken, effects, reported: this.#reported },
      latencyMs: clock.now() - this.#startedAt,
      queueMs: Math.max(0, this.#startedAt - this.#start.readyAt),
    });
    await keepAttempt(this.world, this.task, record);
    return record;
  }
}

function predecessors(world: World, task: number): readonly string[] {
  const { predecessors, ids } = world.plan.graph;
  const from = predecessors.starts[task]!;
  const to = predecessors.starts[task + 1]!;
  return Array.from(predecessors.neighbours.subarray(from, to), (index) => ids[index]!);
}

function refuseUndeclared(verdict: Verdict, { taskId, undeclared }: Effects): Verdict {
  if (verdict.status !== "succeeded" || undeclared.length === 0) return verdict;
  const error = toWireError(new SheafError("WRITE_UNDECLARED", { taskId, paths: undeclared }));
  return { ...verdict, status: "failed", output: null, failure: { kind: "writes", error } };
}
