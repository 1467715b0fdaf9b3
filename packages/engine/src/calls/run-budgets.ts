// Keeps the calls of one run within budgets, and tells what becomes of these.
//
// Owns:     the holds of the run's calls, whose call was refused, whether anything more may start.
// Does not: count (ledger/budgets), send calls (model-calls), stop tasks (whoever follows it).
//
// Invariants:
//   H1. What a call may use is set aside before its `llm.started`, and counts until its `llm.finished`.
//   H2. Each event that books a call counts once, whoever told of it.
//   H3. Once a budget that covers the run's tasks is spent, or a call was refused for good, nothing more may start.
//   H4. What nobody would count is not let through where a budget covers it.
import type { CallPermit, UsedByCall, WantedCall } from "@sheaf/analyzer";
import type { Budget, BudgetLeft, BudgetRefusal, EventBody, EventOf, RunEvent, TaskId } from "@sheaf/core";
import {
  ANALYSIS_HEADINGS,
  type AskedCall,
  amountsOf,
  type BudgetHold,
  type Budgets,
  type BudgetsOptions,
  bookedCall,
  type CallHeadings,
  type CallHold,
  type CallStarted,
  coversCall,
  holdOfCall,
  openBudgets,
  type PriceBook,
  picoToUsd,
  type Refusal,
  reservedAmounts,
  sayBudget,
  spentOf,
  spentOutText,
  UNKNOWN_HEADINGS,
} from "@sheaf/ledger";

export interface RunBudgetsOptions
  extends Pick<BudgetsOptions, "budgets" | "spent" | "clock" | "circle" | "name" | "flush"> {
  /** Events of earlier sessions. */
  readonly before: readonly RunEvent[];
  /** Headings of the run's tasks. */
  readonly tasks: readonly CallHeadings[];
  readonly prices: PriceBook;
  readonly emit: (body: EventBody) => void;
  /** What could not be counted, as sentences. @default none */
  readonly notes?: readonly string[];
}

type AttemptName = Pick<EventOf<"attempt.started">, "taskId" | "attempt">;
type Reserved = NonNullable<EventOf<"llm.started">["reserved"]>;

/** How long clients shall wait until calls of others are over, in s: longer each time. */
const PAUSE_S = [1, 2, 4, 8, 16];

/** The budgets of one run. */
export class RunBudgets {
  readonly #options: RunBudgetsOptions;
  readonly #budgets: Budgets;
  /** Budgets that cover a task of the run. */
  readonly #concerned: ReadonlySet<Budget>;
  readonly #headings = new Map<string, CallHeadings>();
  readonly #holds = new Map<string, BudgetHold>();
  /** What an earlier session had set aside for calls that were open when it went away. */
  readonly #left = new Map<string, Reserved>();
  /** By attempt: what it asked for in vain, and has not got since. */
  readonly #refused = new Map<string, Set<string>>();
  readonly #told = new Set<string>();
  /** Calls of the analysis that have been settled before their event. */
  #settledAnalyses = 0;
  #halted: string | null = null;
  #halt: (message: string) => void = () => {};

  constructor(options: RunBudgetsOptions) {
    this.#options = options;
    const { budgets, before, tasks, emit } = options;
    this.#concerned = new Set(budgets.filter((budget) => tasks.some((task) => coversCall(budget, task))));
    for (const event of before) this.#note(event);
    this.#budgets = openBudgets({
      ...options,
      spentByRun: budgets.length === 0 ? [] : spentOf(before),
      onAlert: (alert) => emit({ type: "budget.alert", ...alert }),
    });
    this.#haltIfSpent();
  }

  /** Whether there is anything to keep to. */
  get isEmpty(): boolean {
    return this.#options.budgets.length === 0;
  }

  /** What could not be counted, as sentences. */
  get notes(): readonly string[] {
    return this.#options.notes ?? [];
  }

  /** Why nothing more may start, or null. */
  get halted(): string | null {
    return this.#halted;
  }

  /** Tells, from now on, when nothing more may start, and why. */
  follow(halt: (message: string) => void): void {
    this.#halt = halt;
  }

  /** Whether an attempt lacks the answer to a call that was refused. */
  hasRefused(taskId: string, attempt: number): boolean {
    return (this.#refused.get(`${taskId} ${attempt}`)?.size ?? 0) > 0;
  }

  /** What is left of the budgets that cover a task that was started. */
  leftFor(taskId: TaskId): readonly BudgetLeft[] {
    const headings = this.#headingsOf({ taskId });
    return this.#budgets
      .standing()
      .filter(({ budget }) => coversCall(budget, headings))
      .map(({ budget, limit, spent, held, left }) => ({ budget, limit, spent, held, left }));
  }

  /** Sets aside what a call may use, or says why it must not be made. */
  refusal(call: CallStarted): Refusal | null {
    const { taskId, attempt } = call.owner;
    const { hold, refusal } = this.#reserve(this.#headings.get(taskId) ?? UNKNOWN_HEADINGS, call);
    if (refusal === null) {
      this.#holds.set(keyOf({ taskId, attempt, call: call.call }), hold);
      this.#refusedOf(call.owner).delete(call.request);
      return null;
    }
    this.#refusedOf(call.owner).add(call.request);
    this.#tellRefused(refusal, call);
    const { reason, message } = refusal;
    if (reason !== "held") this.#stop(message);
    const retryAfter = PAUSE_S[Math.min(call.httpRetry ?? 0, PAUSE_S.length - 1)]!;
    return reason === "held"
      ? { status: 429, code: "budget_held", message, retryAfter }
      : { status: 402, code: `budget_${reason}`, message };
  }

  /**
   * Returns why an attempt must ask no model when nobody can count its calls, and lets nothing more start; null where no
   * budget covers them.
   */
  uncounted(attempt: AttemptName, problem: string): string | null {
    const headings = this.#headings.get(attempt.taskId) ?? UNKNOWN_HEADINGS;
    const budget = this.#options.budgets.find((each) => coversCall(each, headings));
    if (budget === undefined) return null;
    const message = `The gateway could not be opened (${problem}), so calls cannot be counted against the budget of ${sayBudget(budget)}, and none was made. Go on when there are ports and file descriptors again (ulimit -n).`;
    this.#refusedOf(attempt).add(problem);
    this.#stop(message);
    return message;
  }

  /** Returns what is set aside for a call, for its event. */
  reservedFor({ owner, call }: CallStarted): { readonly reserved?: Reserved } {
    const hold = this.#holds.get(keyOf({ ...owner, call }));
    if (hold === undefined || this.isEmpty) return {};
    const { holdPico, holdTokens } = hold;
    return { reserved: { usd: holdPico === null ? null : picoToUsd(holdPico), tokens: holdTokens } };
  }

  /** Permits the analysis a call, or refuses it. */
  permit(wanted: WantedCall): CallPermit {
    const at = this.#options.clock.now();
    const asked = { ...wanted, maxOutputTokens: null, serviceTier: null, hasStoredInput: false, at };
    const { hold, refusal } = this.#reserve(ANALYSIS_HEADINGS, asked);
    if (refusal !== null) return { refused: refusal.message };
    return {
      refused: null,
      over: (used) => {
        this.#endAnalysis(hold, used);
        this.#haltIfSpent();
      },
    };
  }

  /** Takes what an event books. */
  take(event: RunEvent): void {
    if (this.isEmpty) return;
    if (event.type === "llm.finished") this.#settle(event);
    else if (event.type === "attempt.usage" && event.counted !== false) {
      this.#budgets.book({ ...this.#headingsOf(event), ...amountsOf(event.usage) });
    } else if (event.type === "analysis.usage") {
      if (this.#settledAnalyses > 0) this.#settledAnalyses--;
      else this.#budgets.book({ ...ANALYSIS_HEADINGS, ...amountsOf(event.usage) });
    }
    this.#note(event);
    if (bookedCall(event) !== null) this.#haltIfSpent();
  }

  /** Gives back what is held. */
  close(): void {
    this.#budgets.close();
  }

  #reserve(headings: CallHeadings, call: AskedCall) {
    const hold: CallHold = holdOfCall(call, this.#options.prices);
    return this.#budgets.reserve({ ...headings, ...hold });
  }

  // Its event comes when the whole analysis is over.
  #endAnalysis(hold: BudgetHold, used: UsedByCall): void {
    if (used === "nothing") this.#budgets.release(hold);
    else if (used === null) this.#budgets.settle(hold, NOT_KNOWN);
    else {
      const { prices, clock } = this.#options;
      this.#settledAnalyses++;
      this.#budgets.settle(hold, amountsOf(prices.priced(used, clock.now())));
    }
  }

  #settle(event: EventOf<"llm.finished">): void {
    const key = keyOf(event);
    const hold = this.#holds.get(key);
    if (hold === undefined) {
      const left = this.#left.get(key);
      if (event.state === "crashed") this.#bookLeft(event, left);
      return;
    }
    this.#holds.delete(key);
    // What the agent has told of before is booked already.
    if (event.counted === false || event.state === "http-error" || event.state === "unreachable") {
      this.#budgets.release(hold);
    } else this.#budgets.settle(hold, event.usage === null ? NOT_KNOWN : amountsOf(event.usage));
  }

  #bookLeft(event: EventOf<"llm.finished">, left: Reserved | undefined): void {
    const estimate = event.usage === null ? NOT_KNOWN : amountsOf(event.usage);
    const amounts = left === undefined ? estimate : reservedAmounts(left);
    this.#budgets.book({ ...this.#headingsOf(event), ...amounts });
  }

  #note(event: RunEvent): void {
    if (event.type === "attempt.started") {
      this.#headings.set(event.taskId, { route: event.route, tags: event.tags ?? [] });
    } else if (event.type === "llm.started" && event.reserved !== undefined) {
      this.#left.set(keyOf(event), event.reserved);
    } else if (event.type === "llm.finished") this.#left.delete(keyOf(event));
  }

  #refusedOf({ taskId, attempt }: AttemptName): Set<string> {
    const key = `${taskId} ${attempt}`;
    const known = this.#refused.get(key) ?? new Set();
    this.#refused.set(key, known);
    return known;
  }

  #headingsOf({ taskId }: { readonly taskId: TaskId }): CallHeadings {
    return this.#headings.get(taskId) ?? UNKNOWN_HEADINGS;
  }

  #tellRefused(refusal: BudgetRefusal, { owner, model }: CallStarted): void {
    const { taskId, attempt } = owner;
    const key = `${taskId} ${attempt} ${refusal.reason} ${sayBudget(refusal.budget)}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#options.emit({ type: "budget.refused", taskId, attempt, model, ...refusal });
  }

  #haltIfSpent(): void {
    if (this.#halted !== null || this.isEmpty) return;
    const out = this.#budgets
      .standing()
      .find(({ budget, spent, limit }) => spent >= limit && this.#concerned.has(budget));
    if (out !== undefined) this.#stop(spentOutText(out));
  }

  #stop(message: string): void {
    if (this.#halted !== null) return;
    this.#halted = message;
    this.#halt(message);
  }
}

const NOT_KNOWN = { pico: null, tokens: null };

const keyOf = (at: { readonly taskId: string; readonly attempt: number; readonly call: number }): string =>
  `${at.taskId} ${at.attempt} ${at.call}`;
