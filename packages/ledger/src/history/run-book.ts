// What the index knows of one run, and what a further part of its journal makes of it. Pure: nothing is read or
// written here.
import type { EventOf, RunEvent } from "@sheaf/core";
import {
  type AttemptCost,
  type AttemptCosts,
  attemptCost,
  costClassOf,
  noteAttempts,
} from "../attempt-costs.ts";
import { bookedCall, isEstimated, openedCalls } from "../booked-call.ts";
import type { CostClass } from "../cost-class.ts";
import { addToSum, knownFigure } from "../cost-line.ts";
import { ANALYSIS } from "../cost-summary.ts";
import { usdToPico } from "../money.ts";
import { isTelemetryFault } from "../telemetry.ts";
import { keptName, keptSum } from "./call-sum.ts";
import {
  finishOf,
  type IndexedAttempt,
  type IndexedCall,
  type IndexedRun,
  type IndexedTask,
  NOT_STARTED,
} from "./indexed-run.ts";
import { type Heading, WindowChanges } from "./windows.ts";

/** A call that was entered before, and was made anew. */
export interface Repeated {
  readonly taskId: string;
  readonly attempt: number;
  readonly number: number;
  /** Where its attempt stands now. */
  readonly heading: Heading;
}

interface TransitionFacts {
  readonly seq: number;
  readonly taskId: string | null;
  readonly attempt: number | null;
  readonly at: number;
  readonly event: string;
}

/** An attempt whose earlier calls stand under another heading than the one that is right now. */
export interface Move {
  readonly taskId: string;
  readonly attempt: number;
  readonly from: Heading;
  readonly to: Heading;
}

/** What a part of a journal adds. */
export interface RunPart {
  readonly calls: readonly IndexedCall[];
  readonly transitions: readonly TransitionFacts[];
  /** Tasks of which some event was about: they and all their attempts are to be written. */
  readonly tasks: ReadonlySet<string>;
  readonly windows: WindowChanges;
  readonly moves: readonly Move[];
  readonly repeated: readonly Repeated[];
}

/** Of attempts, what they say while they run is no change of their state. */
const NO_TRANSITION: ReadonlySet<string> = new Set([
  ...[
    "attempt.unmetered",
    "attempt.usage",
    "attempt.progress",
    "attempt.logged",
    "llm.started",
    "llm.finished",
  ],
]);
const RUN_TRANSITIONS: ReadonlySet<string> = new Set([
  "run.started",
  "run.resumed",
  "run.cancelling",
  "run.finished",
]);

export class RunBook {
  readonly run: IndexedRun;
  readonly costs: AttemptCosts = new Map();
  readonly attempts: Map<AttemptCost, IndexedAttempt> = new Map();
  readonly tasks: Map<string, IndexedTask> = new Map();
  /** Under which heading the calls of an attempt stand in the index. */
  readonly #entered = new Map<AttemptCost, Heading>();

  constructor(run: IndexedRun) {
    this.run = run;
  }

  /** Enters an attempt as the index has it. */
  restore(
    attempt: { readonly taskId: string; readonly attempt: number },
    cost: AttemptCost,
    facts: IndexedAttempt,
  ): void {
    Object.assign(attemptCost(this.costs, attempt.taskId, attempt.attempt), cost);
    const entered = attemptCost(this.costs, attempt.taskId, attempt.attempt);
    this.attempts.set(entered, facts);
    if (entered.sum.calls > 0) this.#entered.set(entered, headingOf(entered));
  }

  facts(cost: AttemptCost): IndexedAttempt {
    let facts = this.attempts.get(cost);
    if (facts === undefined) {
      facts = { ...NOT_STARTED };
      this.attempts.set(cost, facts);
    }
    return facts;
  }

  /** Takes the next events of the run. */
  take(events: readonly RunEvent[]): RunPart {
    const calls: IndexedCall[] = [];
    const transitions: TransitionFacts[] = [];
    const touched = new Set<string>();
    const repeats: EventOf<"llm.started">[] = [];
    for (const event of events) {
      const at = timeOf(event, this.run.lastAt);
      noteAttempts(this.costs, event);
      this.#note(event, at);
      if ("taskId" in event) touched.add(event.taskId);
      const call = this.#call(event, at);
      if (event.type === "llm.started" && !repeatsOneOf(calls, event)) repeats.push(event);
      if (call !== null) calls.push(call);
      else if (isTransition(event)) transitions.push(transitionOf(event, at));
    }
    const windows = new WindowChanges();
    for (const call of calls) {
      const heading = this.#headingOfCall(call);
      windows.add(call, { ...heading, class: call.ownClass ?? heading.class }, call.sum);
    }
    const repeated = repeats.map((event) => this.#repeated(event));
    return { calls, transitions, tasks: touched, windows, moves: this.#moves(touched), repeated };
  }

  #call(event: RunEvent, at: number): IndexedCall | null {
    const usage = bookedCall(event);
    if (usage === null) return null;
    const sum = keptSum(usage, { isEstimated: isEstimated(event) });
    addToSum(this.run.sum, sum);
    const of = "attempt" in event ? { taskId: event.taskId, attempt: event.attempt } : NO_TASK;
    if (of.taskId !== null) addToSum(attemptCost(this.costs, of.taskId, of.attempt).sum, sum);
    return {
      ...{ seq: event.seq, at, sum, model: keptName(usage.model), ...of },
      provider: usage.provider === undefined ? null : keptName(usage.provider),
      number: event.type === "llm.finished" ? event.call : null,
      ownClass: event.type === "llm.finished" ? ownClassOf(event) : null,
    };
  }

  #repeated({ taskId, attempt, repeats }: EventOf<"llm.started">): Repeated {
    const heading = headingOf(attemptCost(this.costs, taskId, attempt));
    return { taskId, attempt, number: repeats!, heading };
  }

  #headingOfCall({ taskId, attempt }: IndexedCall): Heading {
    if (taskId === null || attempt === null) return ANALYSIS;
    return headingOf(attemptCost(this.costs, taskId, attempt));
  }

  /** Finds attempts whose earlier calls must move, and takes note of where all stand from now on. */
  #moves(touched: ReadonlySet<string>): readonly Move[] {
    const moves: Move[] = [];
    for (const taskId of touched) {
      for (const [attempt, cost] of this.costs.get(taskId) ?? []) {
        const to = headingOf(cost);
        const from = this.#entered.get(cost);
        if (from !== undefined && !isSame(from, to)) moves.push({ taskId, attempt, from, to });
        if (cost.sum.calls > 0) this.#entered.set(cost, to);
      }
    }
    return moves;
  }

  #note(event: RunEvent, at: number): void {
    const { run } = this;
    run.lastAt = at;
    if (event.type !== "run.finished") run.status = "unfinished";
    if (isTelemetryFault(event)) run.telemetryFaults += 1;
    run.openCalls += openedCalls(event);
    switch (event.type) {
      case "run.started":
        run.dir = event.dir ?? null;
        run.tasks = event.tasks;
        run.version = event.version ?? null;
        break;
      case "run.finished":
        run.status = event.status;
        run.wallMs = (run.wallMs ?? 0) + (event.wallMs ?? 0);
        break;
      case "attempt.started": {
        const facts = this.facts(attemptCost(this.costs, event.taskId, event.attempt));
        Object.assign(facts, { executor: event.executor ?? null, cause: event.cause ?? null, startedAt: at });
        break;
      }
      case "attempt.finished":
        Object.assign(this.facts(attemptCost(this.costs, event.taskId, event.attempt)), finishOf(event, at));
        break;
    }
    if ("taskId" in event) this.#noteTask(event, at);
  }

  #noteTask(event: RunEvent & { readonly taskId: string }, at: number): void {
    const known = this.tasks.get(event.taskId);
    const state = NO_TRANSITION.has(event.type) ? (known?.state ?? "unknown") : event.type;
    let saved = known?.saved ?? null;
    if (event.type === "attempt.started") saved = null;
    if (event.type === "task.reused" && event.from === "memo") {
      saved = { pico: usdToPico(knownFigure(event.savedUsd) ?? 0), at };
    }
    this.tasks.set(event.taskId, { state, lastAt: at, saved });
  }
}

const NO_TASK = { taskId: null, attempt: null } as const;

function ownClassOf({ state, repeated }: EventOf<"llm.finished">): CostClass | null {
  if (state === "crashed") return "estimated-crash";
  return repeated === true ? "http-retry" : null;
}

/** Gives a call of this part that is made anew its class; true where nothing else is to be done. */
function repeatsOneOf(
  calls: readonly IndexedCall[],
  { taskId, attempt, repeats }: EventOf<"llm.started">,
): boolean {
  if (repeats === undefined) return true;
  const before = calls.findLast(
    (call) => call.number === repeats && call.taskId === taskId && call.attempt === attempt,
  );
  if (before !== undefined) before.ownClass ??= "http-retry";
  return before !== undefined;
}

function headingOf(cost: AttemptCost): Heading {
  return { agent: keptName(cost.agent), route: keptName(cost.route), class: costClassOf(cost) };
}

const isSame = (a: Heading, b: Heading): boolean =>
  a.agent === b.agent && a.route === b.route && a.class === b.class;

const timeOf = ({ at }: RunEvent, before: number): number => (Number.isFinite(at) ? Math.floor(at) : before);

const isTransition = (event: RunEvent): boolean =>
  "taskId" in event ? !NO_TRANSITION.has(event.type) : RUN_TRANSITIONS.has(event.type);

function transitionOf(event: RunEvent, at: number): TransitionFacts {
  return {
    ...{ seq: event.seq, at, event: event.type },
    taskId: "taskId" in event ? event.taskId : null,
    attempt: "attempt" in event ? event.attempt : null,
  };
}
