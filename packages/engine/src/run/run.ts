// One run from its checked request to its report.
//
// Owns:     the order of things: take the directory, analyze, plan, run, verify, give everything back.
// Does not: decide who runs (scheduler), touch task files (workdir), keep history (ledger).
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type RunEvent, toWireError } from "@sheaf/core";
import type { Journal } from "@sheaf/ledger";
import { fsHookFile } from "@sheaf/workdir";
import { failedTasks, ModelCalls } from "../calls/model-calls.ts";
import { withoutKeys } from "../calls/upstreams.ts";
import type { RunPlan } from "../plan/make-plan.ts";
import { schedulerPlan } from "../plan/scheduler-plan.ts";
import { processSlots } from "../resources/slot-pool.ts";
import { watchMachine } from "../resources/watch-machine.ts";
import { announce } from "./announce.ts";
import { effectiveLimits } from "./limits.ts";
import { LivePlan } from "./live-plan.ts";
import type { LoopEnd } from "./loop-request.ts";
import { guaranteeOf, makeReport, runStatus } from "./make-report.ts";
import { NOTHING_MEASURED } from "./nothing-measured.ts";
import { openMemo } from "./open-memo.ts";
import { noteTasks, type OpenRun, openRun } from "./open-run.ts";
import { OutputStore } from "./output-store.ts";
import { withAgents } from "./prepare-plan.ts";
import type { RunReport } from "./report.ts";
import { recordOfExecution } from "./reuse.ts";
import { keepRoutes, type RouteKeeper } from "./route-keeper.ts";
import { RunLoop } from "./run-loop.ts";
import type { RunRequest } from "./run-request.ts";
import type { DoneTask } from "./session.ts";
import { trackedTasks } from "./tracked-tasks.ts";
import {
  changedOutside,
  closeDirectory,
  frozenWritten,
  hashDirectory,
  verifyDirectory,
} from "./verify-directory.ts";
import { withTracker } from "./with-tracker.ts";
import type { AttemptRecord, World } from "./world.ts";

/** What others are told as a run proceeds. */
export interface RunListener {
  /** The journal is open: events can be followed. */
  readonly opened: (journal: Journal) => void;
  /** The plan is final. */
  readonly planned: (plan: RunPlan) => void;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A run under way. */
export class Run {
  #request: RunRequest;
  readonly #nested: boolean;
  readonly #startedAt: number;
  readonly #abort = new AbortController();
  #cancelled: string | null = null;
  #live: LivePlan | null = null;
  #loop: RunLoop | null = null;
  #calls: ModelCalls | null = null;
  #routes: RouteKeeper | null = null;
  /** Null until its first events are told. */
  #opened: OpenRun | null = null;

  constructor(request: RunRequest, nested: boolean) {
    this.#request = request;
    this.#nested = nested;
    this.#startedAt = request.clock.now();
  }

  cancel(message: string): void {
    if (this.#cancelled !== null) return;
    this.#cancelled = message;
    this.#opened?.emit({ type: "run.cancelling", message });
    this.#abort.abort();
    this.#loop?.send({ type: "run.cancelled", message });
  }

  /** Runs to the end. Rejects only when the run could not begin, or by a fault of Sheaf's own. */
  async perform(listener: RunListener): Promise<RunReport> {
    // Before the directory is touched: what an agent's module has against it is a mistake of the caller's.
    this.#request = await this.#askAgents();
    const opened = await openRun(this.#request, this.#abort.signal);
    this.#request = opened.request;
    const { clock, settings, makeExecutors } = this.#request;
    const executors = makeExecutors({
      clock,
      env: withoutKeys(process.env, this.#request.upstreams),
      enter: opened.workdir?.enter ?? [],
      nodeArgs: settings.tracking ? ["-r", fsHookFile] : [],
      threads: settings.maxWorkers,
      memoryLimitMiB: settings.maxMemoryMb,
      logFile: () => join(opened.folder.require(), "workers.log"),
    });
    try {
      listener.opened(opened.journal);
      const world = await this.#prepare(opened, executors, listener.planned);
      // Whoever waits for the plan may look at it, and cancel, before the first task starts: where no model is asked.
      await nextTurn();
      return await this.#runPlan(world, opened);
    } finally {
      await this.#live?.stop();
      await this.#routes?.stop();
      await executors.dispose();
      await this.#calls?.close();
      opened.budgets.close();
      // Closed already, unless there is an error on its way that says more.
      await closeDirectory(opened.workdir, { keep: this.#loop !== null });
      opened.journal.close();
      opened.folder.close();
    }
  }

  async #prepare(
    opened: OpenRun,
    executors: World["executors"],
    planned: RunListener["planned"],
  ): Promise<World> {
    const { request, missing } = await withTracker(this.#request);
    this.#request = request;
    if (missing !== null) opened.emit({ type: "run.fallback", part: "tracking", reason: missing });
    const { workdir, emit, journal, folder, costs, budgets, kept, earlier, sync, history } = opened;
    const limits = effectiveLimits(this.#request);
    announce(this.#request, opened, this.#cancelled);
    this.#opened = opened;
    this.#routes = keepRoutes(opened);
    const live = new LivePlan({
      ...{ request, history, limits, tracked: trackedTasks(request), emit, budgets, planned },
      signal: this.#abort.signal,
    });
    this.#live = live;
    await live.begin();
    this.#request = live.request;
    // Who is cancelled before a set is in order leaves that to the session that goes on.
    if (request.order === "free" && this.#cancelled === null) noteTasks(opened, this.#request);
    const { tasks, works, settings, clock, runId } = this.#request;
    const { bounds } = live;
    const tracked = trackedTasks(this.#request);
    const outputs = new OutputStore(tasks.map(({ id }) => id));
    const leaves = works.some((each) => each.work.kind === "module" && each.executor !== "inline");
    if (folder.dir !== null || leaves) outputs.keepIn(join(folder.require(), "outputs"));
    const { memo, notes } = await openMemo(this.#request, tracked);
    for (const reason of notes) emit({ type: "run.fallback", part: "memo", reason });
    const shared = { runId, tasks, works, bounds, settings, limits, clock, random: Math.random };
    return {
      ...shared,
      get plan() {
        return live.plan;
      },
      journal,
      costs,
      budgets,
      outputs,
      workdir,
      place: folder,
      executors,
      calls: this.#openCalls(opened),
      tracked,
      shim: this.#request.shim,
      kept,
      memo,
      sync,
      reusable: earlier?.executions ?? new Map(),
      happened: new Set(earlier?.happened),
      before: earlier?.events ?? [],
      emit,
    };
  }

  #openCalls({ folder, emit, journal, budgets, earlier }: OpenRun): ModelCalls {
    const { runId, clock, upstreams, settings } = this.#request;
    const recordings = folder.kept === null ? null : join(folder.kept, "answers");
    const calls = new ModelCalls({
      ...{ runId, clock, upstreams, recordings, replay: settings.replay, budgets, emit },
      failed: failedTasks(earlier?.events ?? []),
      workers: settings.maxWorkers,
      flush: () => journal.flush(),
    });
    this.#calls = calls;
    return calls;
  }

  async #askAgents(): Promise<RunRequest> {
    try {
      return await withAgents(this.#request, this.#abort.signal);
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
      return this.#request; // nothing of it will run
    }
  }

  async #runPlan(world: World, opened: OpenRun): Promise<RunReport> {
    const { settings, tasks, validate } = this.#request;
    const { works, tracked, limits } = world;
    const live = this.#live!;
    const parts = { tasks, works, settings, tracked, limits: limits.tags };
    const scheduled = schedulerPlan({ ...parts, plan: live.plan, held: live.held });
    const machine = watchMachine(world.clock);
    const { earlier } = opened;
    const loop = new RunLoop({
      ...{ world, plan: scheduled, slots: processSlots, nested: this.#nested, validate },
      earlier: earlier === null ? null : { done: earlier.done.length, attempts: earlier.attempts },
      done: earlier?.done.map(recordOfDone) ?? [],
    });
    this.#loop = loop;
    world.budgets.follow((message) => loop.send({ type: "run.halted", message }));
    const ended = loop.run(this.#cancelled);
    live.follow({
      released: (task, predecessors) => loop.send({ type: "task.released", task, predecessors }),
      planned: (plan) =>
        loop.send({ type: "plan.final", plan: schedulerPlan({ ...parts, plan, held: new Set() }) }),
      failed: (error) => loop.giveUp(toWireError(error)),
    });
    const end = await ended;
    await live.finish();
    const found = await machine.finish();
    if (found !== null) world.emit({ type: "run.machine", ...found });
    return this.#close(world, opened, end);
  }

  async #close(world: World, opened: OpenRun, loopEnd: LoopEnd): Promise<RunReport> {
    const { workdir, emit, journal, folder } = opened;
    const found = await verifyDirectory(workdir);
    const events = (): readonly RunEvent[] => [...world.before, ...journal.events()];
    const known = new Set(changedOutside(events()).paths);
    const fresh = found.outside.filter((path) => !known.has(path));
    if (fresh.length > 0) emit({ type: "dir.changed-outside", paths: fresh });
    const frozen = [...new Set([...frozenWritten(world.before), ...found.frozen])];
    const guarantee = guaranteeOf(world, { ...found, frozen, outside: changedOutside(events()) });
    const end = { ...loopEnd, fault: loopEnd.fault ?? found.fault };
    const status = runStatus(end);
    const { rootHash, problem } = await hashDirectory(world.settings.rootHash ? workdir : null);
    if (problem !== null) emit({ type: "run.fallback", part: "root hash", reason: problem });
    // Workers inside a namespace of the directory's would be killed with it.
    await world.executors.dispose();
    await world.calls.close();
    const left = await closeDirectory(workdir, { keep: status !== "succeeded" });
    if (left !== null) emit({ type: "run.fallback", part: "directory", reason: left });
    // To keep anything in a directory that is gone would make it anew.
    if (found.fault === null) this.#remember(world, opened, end);
    const runDir = folder.kept !== null && existsSync(folder.kept) ? folder.kept : null;
    const wallMs = world.clock.now() - this.#startedAt;
    if (runDir !== null) await this.#routes?.finish();
    const report = makeReport(world, end, {
      startedAt: this.#startedAt,
      wallMs,
      guarantee,
      rootHash,
      runDir,
    });
    const { criticalPath: tasks, criticalPathMs: ms } = report.timing;
    emit({
      type: "run.finished",
      status,
      wallMs,
      totalUsd: report.cost.totalUsd,
      guarantee: guarantee.level,
      ...(ranInWhole(report) ? { criticalPath: { tasks, ms } } : {}),
      ...(rootHash === null ? {} : { rootHash }),
      ...(found.frozen.length === 0 ? {} : { frozen: found.frozen }),
    });
    await journal.sync();
    return report;
  }

  #remember({ tasks, works }: World, { history, emit }: OpenRun, { records }: LoopEnd): void {
    for (const note of history.remember({ tasks, works, records })) emit({ type: "run.fallback", ...note });
  }
}

/** Tells whether all tasks are done, and were in this session. */
const ranInWhole = ({ status, tasks }: RunReport): boolean =>
  status === "succeeded" && Object.values(tasks).every(({ reused }) => !reused);

function recordOfDone({ attempt, output, finished }: DoneTask): AttemptRecord {
  const resources = finished?.resources ?? NOTHING_MEASURED;
  return recordOfExecution({ attempt, output, taken: [], resources }, null);
}
