// The calls of a run's attempts to models: one gateway, opened with the first attempt that may need it.
//
// Owns:     the gateway, who may call, the events of calls.
// Does not: count (cost book), price (what emits events does), talk to servers (gateway).
//
// Invariants:
//   G1. The journal has the start of a call before its request is sent.
//   G2. An attempt may call while it runs, and no longer.
//   G3. What a task has recorded is closed before another attempt of it may find it.
//   G4. Where there is no gateway, attempts run all the same, without the keys that it keeps; the run says so once, and
//       of each attempt that nobody counts its calls. But those whose calls a budget covers make none.
import {
  type AttemptCause,
  type CallRoute,
  type Clock,
  type EventBody,
  type EventOf,
  type RunEvent,
  type RunId,
  SheafError,
  type TaskId,
  toWireError,
  type UsageRecord,
} from "@sheaf/core";
import {
  type CallEvent,
  type CallFinished,
  type CallOwner,
  type CallStarted,
  descriptorLimit,
  type Gateway,
  openGateway,
  type ReplayRule,
  replaysAnswers,
  shareDescriptors,
  TELEMETRY,
} from "@sheaf/ledger";
import { CONNECTIONS_VARIABLE, routeOf } from "../executor/route-calls.ts";
import { CallsUnderWay } from "./calls-under-way.ts";
import { Repeats } from "./repeats.ts";
import type { RunBudgets } from "./run-budgets.ts";
import { ToldTwice } from "./told-twice.ts";
import { namesOf, pastGateway, pastProxies, type Upstreams } from "./upstreams.ts";

/** How long an answer whose reader is gone is read on: a run that is over waits for it. */
const DRAIN_MS = 10_000;

export interface ModelCallsOptions {
  readonly runId: RunId;
  readonly upstreams: Upstreams;
  readonly clock: Clock;
  /** Folder in which answers are recorded; null: nowhere. */
  readonly recordings: string | null;
  readonly replay: ReplayRule;
  /** Tasks whose last attempt of an earlier session failed by itself. */
  readonly failed: ReadonlySet<string>;
  readonly budgets: RunBudgets;
  /** Most workers at once. */
  readonly workers: number;
  readonly emit: (body: EventBody) => void;
  /** Puts what was emitted where a killed process leaves it. */
  readonly flush: () => void;
}

type AttemptName = Omit<CallOwner, "runId">;

/** An attempt that is about to start. */
export interface CallingAttempt extends AttemptName {
  readonly cause: AttemptCause;
}

/** What is known of the calls of one attempt. */
interface AttemptCalls {
  readonly open: CallsUnderWay;
  readonly repeats: Repeats;
  readonly told: ToldTwice;
}

/** What stands between the attempts of a run and the servers of models. */
export class ModelCalls {
  readonly #options: ModelCallsOptions;
  #gateway: Promise<Gateway> | null = null;
  /** Attempts of which it was said that nobody counts their calls. */
  readonly #unmetered = new Set<string>();
  #isMissingTold = false;
  /** By task: resolves when no call of its earlier attempts is open. */
  readonly #quiet = new Map<TaskId, Promise<void>>();
  readonly #over = new Set<string>();
  readonly #calls = new Map<string, AttemptCalls>();
  #closed: Promise<void> | null = null;
  /** Most that clients in this thread have to the gateway. */
  readonly #connections = shareDescriptors(descriptorLimit()).clients;

  constructor(options: ModelCallsOptions) {
    this.#options = options;
  }

  /** Whether commands find anything under the names of the servers. */
  get hasUpstreams(): boolean {
    return Object.keys(this.#options.upstreams).length > 0;
  }

  /** The variables by which clients reach the real servers, past the gateway. */
  get past(): Readonly<Record<string, string>> {
    return namesOf(this.#options.upstreams);
  }

  /** Lets an attempt call, and returns the variables by which its clients do. */
  async admit({ taskId, attempt, cause }: CallingAttempt): Promise<Readonly<Record<string, string>>> {
    const { runId } = this.#options;
    await this.#quiet.get(taskId);
    const gateway = await this.#opened({ taskId, attempt });
    if (gateway === null) return pastGateway(this.#options.upstreams);
    const replays = this.#replays({ taskId, attempt, cause });
    const admitted = gateway.admit({ runId, taskId, attempt }, { replays });
    // All workers together have as many as this thread.
    const connections = Math.max(1, Math.floor(this.#connections / this.#options.workers));
    return { ...admitted, [CONNECTIONS_VARIABLE]: String(connections), ...pastProxies(process.env) };
  }

  // What a session starts that goes on with a run is a further attempt, too.
  #replays({ taskId, attempt, cause }: CallingAttempt): boolean {
    const { replay, failed } = this.#options;
    if (cause !== "first" || attempt === 1) return replaysAnswers(cause, replay);
    return replaysAnswers(failed.has(taskId) ? "retry" : "restart", replay);
  }

  /** Lets an attempt in this thread call, as soon as it wants to; null: past the gateway, as there is none. */
  async route(attempt: CallingAttempt): Promise<CallRoute | null> {
    if (this.#over.has(keyOf(attempt))) {
      throw new Error(
        `Attempt ${attempt.attempt} of "${attempt.taskId}" is over, so it may ask no model any more.`,
      );
    }
    const route = routeOf(await this.admit(attempt));
    return route === null ? null : { ...route, connections: this.#connections };
  }

  /** An attempt is over: it may call no longer. What it has asked for is read to its end. */
  over(taskId: TaskId, attempt: number): void {
    this.#over.add(keyOf({ taskId, attempt }));
    if (this.#gateway === null) return;
    const owner: CallOwner = { runId: this.#options.runId, taskId, attempt };
    const before = this.#quiet.get(taskId);
    const dismissed = this.#gateway.then((gateway) => gateway.dismiss(owner));
    const quiet = Promise.all([before, dismissed]).then(
      () => {},
      () => {},
    );
    this.#quiet.set(taskId, quiet);
  }

  /** Resolves when no call of a task's attempts that are over is open any more. */
  async quiet(taskId: TaskId): Promise<void> {
    await this.#quiet.get(taskId);
  }

  /**
   * Returns what is booked of what an agent tells: nothing where the call was seen on its way. One that is told while
   * it is under way is that of the provider that is being asked, where nothing else is said.
   */
  told(at: AttemptName, usage: UsageRecord): Pick<EventOf<"attempt.usage">, "usage" | "counted"> {
    const { open, told } = this.#callsOf(at);
    if (told.told(usage)) return { usage, counted: false };
    const isSaid = usage.provider !== undefined || usage.costUsd !== undefined;
    const provider = isSaid ? null : open.providerOf(usage.model);
    return { usage: provider === null ? usage : { ...usage, provider } };
  }

  /** Tells, once, that nobody counts what an attempt asks of models. */
  pastGateway(at: AttemptName): void {
    if (this.#unmetered.has(keyOf(at))) return;
    this.#unmetered.add(keyOf(at));
    this.#options.emit({ type: "attempt.unmetered", taskId: at.taskId, attempt: at.attempt });
  }

  /** Reads what is still open to its end, within the gateway's limits, ends, and tells what could not be kept. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const gateway = await this.#gateway?.catch(() => null);
    await gateway?.close();
    const { faults = 0, firstFault = null } = gateway ?? {};
    if (faults === 0) return;
    const times = faults === 1 ? "once" : `${faults} times`;
    const reason = `The gateway could not keep an answer for attempts to come, write an event of a call, or answer one: ${times}, first: ${firstFault}`;
    this.#options.emit({ type: "run.fallback", part: TELEMETRY, reason });
  }

  // A machine that has no port, or no file, left may have one for the next attempt.
  async #opened(asking: AttemptName): Promise<Gateway | null> {
    this.#gateway ??= this.#open();
    const opening = this.#gateway;
    try {
      return await opening;
    } catch (error) {
      if (error instanceof SheafError) throw error;
      if (this.#gateway === opening) this.#gateway = null;
      const { message } = toWireError(error);
      const refused = this.#options.budgets.uncounted(asking, message);
      if (refused !== null) throw new Error(refused);
      this.#tellMissing(message);
      this.pastGateway(asking);
      return null;
    }
  }

  #tellMissing(problem: string): void {
    if (this.#isMissingTold) return;
    this.#isMissingTold = true;
    const reason = `The gateway could not be opened (${problem}), so what tasks ask of models is not counted, and commands and workers find no keys of servers.`;
    this.#options.emit({ type: "run.fallback", part: "gateway", reason });
  }

  #open(): Promise<Gateway> {
    const { upstreams, clock, recordings, budgets } = this.#options;
    return openGateway({
      ...{ upstreams, clock, recordings, drain: { maxMs: DRAIN_MS } },
      onEvent: (event) => this.#tell(event),
      ...(budgets.isEmpty ? {} : { refusal: (call) => budgets.refusal(call) }),
    });
  }

  #callsOf(at: AttemptName): AttemptCalls {
    const key = keyOf(at);
    const calls = this.#calls.get(key) ?? {
      open: new CallsUnderWay(),
      repeats: new Repeats(),
      told: new ToldTwice(),
    };
    this.#calls.set(key, calls);
    return calls;
  }

  #tell(event: CallEvent): void {
    const { emit, flush, budgets } = this.#options;
    const { open, repeats, told } = this.#callsOf(event.owner);
    if (event.type === "call.started") {
      open.started(event);
      const before = repeats.started(event);
      const again = before === null ? {} : { repeats: before };
      const reserved = budgets.reservedFor(event);
      emit({ type: "llm.started", ...callOf(event), hold: holdOf(event), ...again, ...reserved });
      flush();
    } else {
      open.finished(event);
      const repeated = repeats.finished(event) ? ({ repeated: true } as const) : {};
      const used = event.source === "provider" ? event.usage : event.avoided;
      const isTold = used !== null && told.seen(used);
      const { state, usage, source, avoided, status, firstByteMs, durationMs } = event;
      const figures = { state, usage, source, avoided, status, firstByteMs, durationMs };
      const counted = isTold && state !== "replayed" ? ({ counted: false } as const) : {};
      emit({ type: "llm.finished", ...callOf(event), ...figures, ...repeated, ...counted });
    }
  }
}

const keyOf = ({ taskId, attempt }: AttemptName): string => `${taskId}/${attempt}`;

function callOf({ owner, call, provider, api, model, httpRetry }: CallStarted | CallFinished) {
  const { taskId, attempt } = owner;
  return { taskId, attempt, call, provider, api, model, httpRetry };
}

function holdOf({ model, provider, estimatedInputTokens, maxOutputTokens }: CallStarted): UsageRecord {
  const hold = { model: model ?? "unknown", provider, inputTokens: estimatedInputTokens };
  return maxOutputTokens === null ? hold : { ...hold, outputTokens: maxOutputTokens };
}

/** Returns the tasks whose last attempt failed by itself, and not because a budget had no room for its calls. */
export function failedTasks(events: readonly RunEvent[]): ReadonlySet<string> {
  const failed = new Set<string>();
  for (const event of events) {
    if (event.type !== "attempt.finished") continue;
    if (event.status === "failed" && event.refused !== true) failed.add(event.taskId);
    else failed.delete(event.taskId);
  }
  return failed;
}
