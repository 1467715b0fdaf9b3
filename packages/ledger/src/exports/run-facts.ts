// What the events of a run say, gathered once for all exports.
import type { Conflict, EventOf, RunEvent, RunId, TaskId } from "@sheaf/core";
import { type AttemptCosts, attemptCost, costClassOf, noteAttempts } from "../attempt-costs.ts";
import { openedCalls } from "../booked-call.ts";
import type { CostClass } from "../cost-class.ts";
import { ANALYSIS } from "../cost-summary.ts";
import { type ExportedCall, exportedCall } from "./exported-call.ts";

/** Something that took time. In ms since 1970; what was cut off ended with the last that was heard of its session. */
export interface Lasting {
  /** Number of the event that began it. */
  readonly seq: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface AttemptFacts extends Lasting {
  readonly started: EventOf<"attempt.started">;
  /** Null where it was cut off. */
  readonly finished: EventOf<"attempt.finished"> | null;
  /** True where nobody counted its calls but by what they told. */
  readonly unmetered: boolean;
}

export interface CallFacts extends ExportedCall {
  readonly agent: string;
  readonly route: string;
  readonly costClass: CostClass;
}

/** Unmetered attempts that have the same headings. */
export interface UnmeteredAttempts {
  readonly agent: string;
  readonly route: string;
  readonly costClass: CostClass;
  readonly count: number;
}

/** How a task ended; `open`: it has not. */
type TaskEnding = "committed" | "failed" | "skipped" | "cancelled" | "open";

export interface RunFacts {
  readonly runId: RunId;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Of its first session. */
  readonly started: EventOf<"run.started"> | null;
  /** Of its last session; null while that runs, or where it was killed. */
  readonly finished: EventOf<"run.finished"> | null;
  readonly tasks: ReadonlyMap<TaskId, TaskEnding>;
  readonly attempts: readonly AttemptFacts[];
  readonly analyses: readonly Lasting[];
  readonly calls: readonly CallFacts[];
  /** Of which `calls` has no more than they told. They sum to `unmetered` of the bill. */
  readonly unmetered: readonly UnmeteredAttempts[];
  /** Requests to models of which it has not told what became of them; they are not among `calls`. */
  readonly openCalls: number;
  /** Conflicts of each task. */
  readonly conflicts: ReadonlyMap<TaskId, readonly Conflict[]>;
}

type Open<Facts> = { -readonly [K in keyof Facts]: Facts[K] };

const ENDINGS = {
  "task.committed": "committed",
  "task.failed": "failed",
  "task.skipped": "skipped",
  "task.cancelled": "cancelled",
} as const;

const keyOf = (one: { readonly taskId: TaskId; readonly attempt: number }): string =>
  `${one.taskId}\n${one.attempt}`;

/** Gathers what the events of a run say, given in order; null where there are none. */
export function runFacts(events: Iterable<RunEvent>): RunFacts | null {
  const gathering = new Gathering();
  for (const event of events) gathering.take(event);
  return gathering.facts();
}

class Gathering {
  #first: RunEvent | null = null;
  #lastAt = 0;
  #started: EventOf<"run.started"> | null = null;
  #finished: EventOf<"run.finished"> | null = null;
  readonly #tasks = new Map<TaskId, TaskEnding>();
  readonly #attempts: Open<AttemptFacts>[] = [];
  readonly #analyses: Open<Lasting>[] = [];
  readonly #open = new Set<Open<Lasting>>();
  readonly #byAttempt = new Map<string, Open<AttemptFacts>>();
  readonly #calls: ExportedCall[] = [];
  #openCalls = 0;
  readonly #conflicts = new Map<TaskId, Conflict[]>();
  readonly #costs: AttemptCosts = new Map();

  take(event: RunEvent): void {
    this.#first ??= event;
    const call = exportedCall(event);
    if (call !== null) this.#calls.push(call);
    if (event.type === "llm.started") this.#repeat(event);
    this.#takePart(event);
    noteAttempts(this.#costs, event);
    this.#openCalls += openedCalls(event);
    this.#lastAt = Math.max(this.#lastAt, event.at);
  }

  // A client has made a call anew: the one before was for nothing.
  #repeat({ taskId, attempt, repeats }: EventOf<"llm.started">): void {
    const at = this.#calls.findLastIndex(
      ({ number, madeBy }) =>
        number !== null && number === repeats && madeBy?.taskId === taskId && madeBy.attempt === attempt,
    );
    const before = this.#calls[at];
    if (before !== undefined) this.#calls[at] = { ...before, ownClass: before.ownClass ?? "http-retry" };
  }

  #takePart(event: RunEvent): void {
    switch (event.type) {
      case "run.started":
        this.#endOpen();
        this.#started ??= event;
        this.#finished = null;
        return;
      case "run.finished":
        this.#finished = event;
        return;
      case "run.planned":
        for (const id of event.order) this.#tasks.set(id, this.#tasks.get(id) ?? "open");
        return;
      case "analysis.started":
        this.#begin(this.#analyses, this.#lasting(event));
        return;
      case "analysis.finished":
        this.#end(this.#analyses.at(-1), event.at);
        return;
      case "attempt.started": {
        this.#tasks.set(event.taskId, "open");
        const unmetered = event.unmetered === true;
        const attempt = { ...this.#lasting(event), started: event, finished: null, unmetered };
        this.#byAttempt.set(keyOf(event), attempt);
        this.#begin(this.#attempts, attempt);
        return;
      }
      case "attempt.unmetered": {
        const attempt = this.#byAttempt.get(keyOf(event));
        if (attempt !== undefined) attempt.unmetered = true;
        return;
      }
      case "attempt.finished": {
        const attempt = this.#byAttempt.get(keyOf(event));
        if (attempt !== undefined) attempt.finished = event;
        this.#end(attempt, event.at);
        return;
      }
      case "task.conflicted":
        this.#conflicts.set(event.taskId, [...(this.#conflicts.get(event.taskId) ?? []), ...event.conflicts]);
        return;
      case "task.committed":
      case "task.failed":
      case "task.skipped":
      case "task.cancelled":
        this.#tasks.set(event.taskId, ENDINGS[event.type]);
    }
  }

  #lasting({ seq, at }: RunEvent): Lasting {
    return { seq, startedAt: at, endedAt: at };
  }

  #begin<Facts extends Open<Lasting>>(all: Facts[], one: Facts): void {
    all.push(one);
    this.#open.add(one);
  }

  // A clock may be set back.
  #end(one: Open<Lasting> | undefined, at: number): void {
    if (one === undefined || !this.#open.delete(one)) return;
    one.endedAt = Math.max(one.startedAt, at);
  }

  #endOpen(): void {
    for (const one of this.#open) this.#end(one, this.#lastAt);
  }

  facts(): RunFacts | null {
    if (this.#first === null) return null;
    this.#endOpen();
    return {
      runId: this.#first.runId,
      startedAt: this.#first.at,
      endedAt: this.#lastAt,
      started: this.#started,
      finished: this.#finished,
      tasks: this.#tasks,
      attempts: this.#attempts,
      analyses: this.#analyses,
      calls: this.#calls.map((call) => this.#classed(call)),
      unmetered: unmeteredAttempts(this.#costs),
      openCalls: Math.max(0, this.#openCalls),
      conflicts: this.#conflicts,
    };
  }

  #classed(call: ExportedCall): CallFacts {
    const { madeBy, ownClass } = call;
    if (madeBy === null) {
      return { ...call, agent: ANALYSIS.agent, route: ANALYSIS.route, costClass: ANALYSIS.class };
    }
    const cost = attemptCost(this.#costs, madeBy.taskId, madeBy.attempt);
    return { ...call, agent: cost.agent, route: cost.route, costClass: ownClass ?? costClassOf(cost) };
  }
}

function unmeteredAttempts(costs: AttemptCosts): readonly UnmeteredAttempts[] {
  const groups = new Map<string, UnmeteredAttempts>();
  for (const cost of [...costs.values()].flatMap((ofTask) => [...ofTask.values()])) {
    const { agent, route, made, sum } = cost;
    if (!made || sum.unmetered === 0) continue;
    const headings = { agent, route, costClass: costClassOf(cost) };
    const key = JSON.stringify(headings);
    groups.set(key, { ...headings, count: (groups.get(key)?.count ?? 0) + sum.unmetered });
  }
  return [...groups.values()];
}
