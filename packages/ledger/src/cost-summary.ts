import type { EventOf, RunEvent } from "@sheaf/core";
import {
  type AttemptCosts,
  attemptCost,
  closeCall,
  costClassOf,
  noteAttempts,
  openCall,
} from "./attempt-costs.ts";
import { bookedCall, isEstimated, openedCalls } from "./booked-call.ts";
import { COST_CLASSES, type CostClass } from "./cost-class.ts";
import {
  addToSum,
  type CallCounts,
  type CostLine,
  type CostSum,
  emptySum,
  knownFigure,
  restOf,
  sumOfCall,
  toCostLine,
} from "./cost-line.ts";
import { picoToUsd, usdToPico } from "./money.ts";
import { type CostWeights, checkCostWeights, DEFAULT_COST_WEIGHTS } from "./normalized-cost.ts";
import { attemptLine, joinLines, meanLine, NO_RESOURCES, type ResourceLine } from "./resource-line.ts";

/** Under which headings the calls of the analysis stand. */
export const ANALYSIS = { agent: "@analysis", route: "analysis", class: "analysis" } as const;

/** The model of calls that do not tell it, and of attempts whose calls nobody counted. */
export const UNKNOWN_MODEL = "unknown";

/** What a run cost. Each of the tables sums to the total, exactly; `byTask` does together with the class `analysis`. */
export interface CostSummary extends CallCounts {
  /** The known part of the cost in USD: 0 when there was nothing to pay, null when nothing of it is known. */
  readonly totalUsd: number | null;
  /** True when some call's price is not known, or not all calls are or are over, so that `totalUsd` is not all. */
  readonly partial: boolean;
  /** Attempts whose calls nobody counted but by what they told. */
  readonly unmetered: number;
  /** Requests to models of which the run has not told what became of them: its engine was killed, or it goes on. */
  readonly openCalls: number;
  /** Every class, also those without calls. */
  readonly byClass: Readonly<Record<CostClass, CostLine>>;
  /** Every task that was started. */
  readonly byTask: Readonly<Record<string, CostLine>>;
  /** Every agent that was started, and "@analysis" when it made calls. */
  readonly byAgent: Readonly<Record<string, CostLine>>;
  readonly byModel: Readonly<Record<string, CostLine>>;
  /** Every route that was started, and every one that is listed. */
  readonly byRoute: Readonly<Record<string, CostLine>>;
  /** What was not spent, as far as prices are known. */
  readonly avoided: {
    /** On tasks that were left out. */
    readonly memoSavedUsd: number;
    /** By the prompt cache: what its reads spare less what its writes cost beyond plain input, so it may be below 0. */
    readonly promptCacheSavedUsd: number;
    /** On answers that a task that ran again was given once more. */
    readonly replaySavedUsd: number;
  };
  readonly resources: {
    /** Every task of which an attempt has ended. */
    readonly byTask: Readonly<Record<string, ResourceLine>>;
    readonly total: ResourceLine;
    /** Mean over the tasks in `byTask`; of each figure over the tasks that know it. */
    readonly meanPerTask: ResourceLine;
  };
}

export interface CostBookOptions {
  /** @default DEFAULT_COST_WEIGHTS */
  readonly weights?: CostWeights;
  /** Routes that `byRoute` has in any case, in this order. @default none */
  readonly routes?: readonly string[];
}

/** Adds up what a run costs, event by event. */
export interface CostBook {
  /** Takes the run's next event. */
  add(event: RunEvent): void;
  /** The bill of all events so far. Takes time in proportion to the attempts. */
  summary(): CostSummary;
}

interface Book {
  readonly attempts: AttemptCosts;
  readonly models: Map<string, CostSum>;
  readonly analysis: CostSum;
  readonly resources: Map<string, ResourceLine>;
  readonly weights: CostWeights;
  readonly routes: readonly string[];
  /** What the memo spared, by task, in pico-dollars. A task that was started after all spared nothing. */
  readonly memoSaved: Map<string, bigint>;
  /** In pico-dollars. */
  cacheSaved: bigint;
  replaySaved: bigint;
  openCalls: number;
}

/**
 * Opens an empty cost book.
 *
 * @throws SheafError USAGE_INVALID when a weight is negative or not finite.
 */
export function createCostBook(options: CostBookOptions = {}): CostBook {
  const book: Book = {
    attempts: new Map(),
    models: new Map(),
    analysis: emptySum(),
    resources: new Map(),
    weights: checkCostWeights(options.weights ?? DEFAULT_COST_WEIGHTS),
    routes: options.routes ?? [],
    memoSaved: new Map(),
    ...{ cacheSaved: 0n, replaySaved: 0n, openCalls: 0 },
  };
  return { add: (event) => addEvent(book, event), summary: () => summarize(book) };
}

/** Returns the bill of a run's events, given in order. */
export function summarizeCost(events: Iterable<RunEvent>, options: CostBookOptions = {}): CostSummary {
  const book = createCostBook(options);
  for (const event of events) book.add(event);
  return book.summary();
}

function addEvent(book: Book, event: RunEvent): void {
  noteAttempts(book.attempts, event);
  book.openCalls += openedCalls(event);
  switch (event.type) {
    case "attempt.started":
      book.memoSaved.delete(event.taskId);
      return;
    case "attempt.usage": {
      const call = modelCall(book, event);
      if (call !== null) addToSum(attemptCost(book.attempts, event.taskId, event.attempt).sum, call);
      return;
    }
    case "llm.started":
      openCall(attemptCost(book.attempts, event.taskId, event.attempt), event);
      return;
    case "llm.finished":
      finishCall(book, event);
      return;
    case "analysis.usage":
      addToSum(book.analysis, modelCall(book, event)!);
      return;
    case "task.reused":
      if (event.from === "memo")
        book.memoSaved.set(event.taskId, usdToPico(knownFigure(event.savedUsd) ?? 0));
      return;
    case "attempt.finished": {
      const line = attemptLine(event.resources, book.weights);
      book.resources.set(event.taskId, joinLines(book.resources.get(event.taskId) ?? NO_RESOURCES, line));
      return;
    }
  }
}

function finishCall(book: Book, event: EventOf<"llm.finished">): void {
  if (event.state === "replayed") book.replaySaved += usdToPico(knownFigure(event.avoided?.costUsd) ?? 0);
  const call = modelCall(book, event);
  if (call !== null) closeCall(attemptCost(book.attempts, event.taskId, event.attempt), event, call);
}

/** Books an event under its model, and returns what it adds; null where it is no call, or one that counts elsewhere. */
function modelCall(book: Book, event: RunEvent): CostSum | null {
  const usage = bookedCall(event);
  if (usage === null) return null;
  const call = sumOfCall(usage, { isEstimated: isEstimated(event) });
  book.cacheSaved += savedPico(usage.cacheSavedUsd);
  addToSum(lineOf(book.models, usage.model), call);
  return call;
}

// A call that writes to the cache may cost more than without it.
function savedPico(usd: number | null | undefined): bigint {
  const pico = usdToPico(knownFigure(Math.abs(usd ?? 0)) ?? 0);
  return (usd ?? 0) < 0 ? -pico : pico;
}

function lineOf<Key>(lines: Map<Key, CostSum>, key: Key): CostSum {
  let sum = lines.get(key);
  if (sum === undefined) {
    sum = emptySum();
    lines.set(key, sum);
  }
  return sum;
}

function summarize(book: Book): CostSummary {
  const { attempts, models, analysis, resources, memoSaved } = book;
  const total = emptySum();
  const classes = new Map<CostClass, CostSum>(COST_CLASSES.map((name) => [name, emptySum()]));
  const tasks = new Map<string, CostSum>();
  const agents = new Map<string, CostSum>();
  const routes = new Map<string, CostSum>(book.routes.map((name) => [name, emptySum()]));
  const enter = (sum: CostSum, ...lines: CostSum[]): void => {
    for (const line of [total, ...lines]) addToSum(line, sum);
  };
  for (const [taskId, ofTask] of attempts) {
    for (const cost of ofTask.values()) {
      const { sum, retried, crashed, agent, route, made } = cost;
      if (!made) continue;
      enter(sum, lineOf(tasks, taskId), lineOf(agents, agent), lineOf(routes, route));
      addToSum(lineOf(classes, "http-retry"), retried);
      addToSum(lineOf(classes, "estimated-crash"), crashed);
      addToSum(lineOf(classes, costClassOf(cost)), restOf(sum, [retried, crashed]));
    }
  }
  if (analysis.calls > 0) {
    const line = lineOf(classes, ANALYSIS.class);
    enter(analysis, line, lineOf(agents, ANALYSIS.agent), lineOf(routes, ANALYSIS.route));
  }
  const { usd: totalUsd, ...rest } = toCostLine(total);
  return {
    totalUsd,
    ...rest,
    partial: rest.partial || book.openCalls > 0,
    openCalls: Math.max(0, book.openCalls),
    byClass: toTable(classes) as Record<CostClass, CostLine>,
    byTask: toTable(tasks),
    byAgent: toTable(agents),
    byModel: toTable(withUnmetered(models, total.unmetered)),
    byRoute: toTable(routes),
    avoided: {
      memoSavedUsd: picoToUsd(sumOf(memoSaved.values())),
      promptCacheSavedUsd: picoToUsd(book.cacheSaved),
      replaySavedUsd: picoToUsd(book.replaySaved),
    },
    resources: summarizeResources(resources),
  };
}

function withUnmetered(
  models: ReadonlyMap<string, CostSum>,
  unmetered: number,
): ReadonlyMap<string, CostSum> {
  if (unmetered === 0) return models;
  const unknown = { ...emptySum(), unmetered };
  addToSum(unknown, models.get(UNKNOWN_MODEL) ?? emptySum());
  return new Map([...models, [UNKNOWN_MODEL, unknown]]);
}

const sumOf = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((sum, each) => sum + each, 0n);

function summarizeResources(resources: ReadonlyMap<string, ResourceLine>): CostSummary["resources"] {
  const lines = [...resources.values()];
  return {
    byTask: Object.assign(emptyTable<ResourceLine>(), Object.fromEntries(resources)),
    total: lines.reduce(joinLines, NO_RESOURCES),
    meanPerTask: meanLine(lines),
  };
}

function toTable(sums: ReadonlyMap<string, CostSum>): Record<string, CostLine> {
  const table = emptyTable<CostLine>();
  for (const [key, sum] of sums) table[key] = toCostLine(sum);
  return table;
}

// Without a prototype, so that a task or a model may be called `__proto__` or `constructor`.
function emptyTable<Line>(): Record<string, Line> {
  return Object.create(null);
}
