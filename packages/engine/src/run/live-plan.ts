// The plan of a run, which may still come about while tasks run: a model may be asked meanwhile.
//
// Owns:     the analysis, what is told of it, the plan that counts.
// Does not: start tasks; the loop does, by what it is told here.
//
// Invariants:
//   L1. Where no model is asked the plan is final before anything starts.
//   L2. What the analysis came to is told once: usage, fallbacks, `analysis.finished`, `run.planned`.
//   L3. After `finish` nothing of the analysis goes on, and the plan is final.
import type { Analysis, KnownEdges, WantedCall } from "@sheaf/analyzer";
import type { Edge, EffectiveLimits, EventBody, TaskId, UsageRecord } from "@sheaf/core";
import type { RunBudgets } from "../calls/run-budgets.ts";
import type { RunPlan } from "../plan/make-plan.ts";
import type { RunBounds } from "../plan/run-bound.ts";
import {
  analyzeRun,
  countSources,
  mayAskModel,
  noAnalysis,
  repairsOf,
  type WhileAsking,
} from "./analysis.ts";
import type { History } from "./history.ts";
import { runBounds } from "./limits.ts";
import { planRequest } from "./prepare-plan.ts";
import { reordered } from "./reordered.ts";
import type { RunRequest } from "./run-request.ts";
import { sayPlan } from "./say-plan.ts";
import { trustedTasks } from "./trusted-tasks.ts";
import { weighing } from "./worth-asking.ts";

/** Who starts tasks by the plan. */
export interface PlanFollower {
  /** The inferred edges into a held task are known: from these, which come before it. */
  released(task: number, predecessors: readonly number[]): void;
  /** All edges are known. */
  planned(plan: RunPlan): void;
  /** The analysis has failed by a fault of Sheaf's own. */
  failed(error: unknown): void;
}

interface LivePlanRequest {
  readonly request: RunRequest;
  readonly history: History;
  readonly limits: EffectiveLimits;
  readonly tracked: readonly boolean[];
  readonly emit: (body: EventBody) => void;
  readonly budgets: RunBudgets;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
  /** Called with the final plan. */
  readonly planned: (plan: RunPlan) => void;
}

const placesOf = ({ tasks }: RunRequest): ReadonlyMap<string, number> =>
  new Map(tasks.map(({ id }, place) => [id, place]));

const NOT_WAITED_FOR =
  "The run was over before the model had answered, so the rest of its answer was not waited for";

/** The plan of one run. */
export class LivePlan {
  readonly #parts: LivePlanRequest;
  /** Tasks that start by inferred edges although their reads are not known. */
  readonly #trusted: ReadonlySet<TaskId>;
  readonly #enough = new AbortController();
  #request: RunRequest;
  #bounds: RunBounds;
  #places: ReadonlyMap<string, number>;
  #startedAt = 0;
  /** What is known without a model; empty until then. */
  #known: readonly Edge[] = [];
  #held: ReadonlySet<number> = new Set();
  /** All edges into a task that the model has spoken about, by place. */
  readonly #settled = new Map<number, readonly Edge[]>();
  #plan: RunPlan | null = null;
  #isFinal = false;
  #follower: PlanFollower | null = null;
  #fault: { readonly error: unknown } | null = null;
  #over: Promise<void> = Promise.resolve();

  constructor(parts: LivePlanRequest) {
    this.#parts = parts;
    this.#trusted = new Set(trustedTasks(parts.request, parts.tracked));
    this.#request = parts.request;
    this.#bounds = runBounds(parts.request, parts.limits);
    this.#places = placesOf(parts.request);
  }

  /** The run, once `begin` has resolved with its tasks in the order that holds. */
  get request(): RunRequest {
    return this.#request;
  }

  /** What bounds its speed. */
  get bounds(): RunBounds {
    return this.#bounds;
  }

  /** The plan that counts now: the final one, else the first, made of what is known without a model. */
  get plan(): RunPlan {
    if (this.#plan === null) throw new Error("Internal error: the plan was asked for before it was made");
    return this.#plan;
  }

  /** Tasks that wait, by the plan of now, for edges into them to be known. */
  get held(): ReadonlySet<number> {
    return this.#isFinal ? new Set() : this.#held;
  }

  /**
   * Begins the analysis. Resolves when tasks may start: with the final plan, or, where a model is asked, with a first
   * one. Rejects by a fault of Sheaf's own.
   */
  async begin(): Promise<void> {
    const { emit } = this.#parts;
    const { settings, clock } = this.#request;
    this.#startedAt = clock.now();
    emit({
      type: "analysis.started",
      sources: settings.autoDetectDeps
        ? ["declared", "corrected", "files", "reference", "learned"]
        : ["declared", "corrected"],
    });
    if (!this.#mayStartEarly()) {
      this.#take(await this.#analyze({}));
      return;
    }
    const asking = new Promise<void>((resolve) => {
      this.#over = this.#watch(resolve);
    });
    await Promise.race([asking, this.#over]);
    if (this.#fault !== null) throw this.#fault.error;
  }

  /** Tells what has become known since `begin`, and from then on whatever does. */
  follow(follower: PlanFollower): void {
    this.#follower = follower;
    if (this.#fault !== null) follower.failed(this.#fault.error);
    if (this.#isFinal) return; // the plan of now says it all
    for (const [place, edges] of this.#settled) this.#release(place, edges);
  }

  /** Ends what goes on of the analysis, and makes what is known the final plan. */
  async finish(): Promise<void> {
    await this.stop();
    if (!this.#isFinal) this.#take(this.#incomplete());
  }

  /** Resolves when nothing of the analysis goes on any more. Never rejects. */
  async stop(): Promise<void> {
    this.#enough.abort();
    await this.#over;
  }

  /**
   * A barrier schedule needs all levels, and a set its order. A run that speculates does not wait for edges, but a
   * task whose reads are not known must be able to say whether it started on trust.
   */
  #mayStartEarly(): boolean {
    const { order, settings } = this.#request;
    if (!mayAskModel(this.#request) || order !== "given") return false;
    const { schedule, mode } = settings;
    return schedule === "ready" && (mode !== "parallel" || this.#trusted.size === 0);
  }

  // Never rejects.
  async #watch(asking: () => void): Promise<void> {
    try {
      const analysis = await this.#analyze({
        onAsking: (known) => {
          this.#planFirst(known);
          asking();
        },
        onSettled: (place, edges) => this.#settle(place, edges),
      });
      this.#take(analysis);
      this.#follower?.planned(this.plan);
    } catch (error) {
      this.#fail(error);
    }
  }

  // A run that is cancelled while it is analyzed, or is over before that is, ends as any other.
  async #analyze(asking: Omit<WhileAsking, "signal" | "onUsage" | "permit">): Promise<Analysis> {
    const { history, signal, emit, budgets } = this.#parts;
    const request = this.#request;
    const spent: UsageRecord[] = [];
    const either = AbortSignal.any([signal, this.#enough.signal]);
    try {
      const onUsage = (usage: UsageRecord): void => void spent.push(usage);
      const objection = weighing(request.settings, (edges) => this.#planBy({ edges, warnings: [] }), emit);
      const permitted = budgets.isEmpty ? {} : { permit: (wanted: WantedCall) => budgets.permit(wanted) };
      const watched = { ...asking, ...permitted, objection, signal: either, onUsage };
      return await analyzeRun(request, history.learned, watched);
    } catch (error) {
      if (!either.aborted) throw error;
      const fallbacks = signal.aborted ? [] : [{ part: "analysis", reason: NOT_WAITED_FOR }];
      return { ...this.#incomplete(), fallbacks, usage: spent };
    }
  }

  #planFirst({ edges, asked }: KnownEdges): void {
    this.#known = edges;
    this.#plan = this.#planBy({ edges, warnings: [] });
    // Nothing checks what a trusted task has read, so that it waits for edges which do not change any more.
    this.#held = new Set([...asked, ...Array.from(this.#trusted, (id) => this.#places.get(id)!)]);
  }

  #planBy(found: Pick<Analysis, "edges" | "warnings">): RunPlan {
    const { durations } = this.#parts.history;
    return planRequest(this.#request, found, { bounds: this.#bounds, durations });
  }

  #settle(place: number, edges: readonly Edge[]): void {
    if (this.#isFinal) return;
    this.#settled.set(place, edges);
    try {
      this.#release(place, edges);
    } catch (error) {
      this.#fail(error);
    }
  }

  #release(place: number, edges: readonly Edge[]): void {
    if (this.#trusted.has(this.#request.tasks[place]!.id)) return;
    const predecessors = edges.flatMap(({ from }) => this.#places.get(from) ?? []);
    this.#follower?.released(
      place,
      predecessors.filter((from) => from < place),
    );
  }

  #take(analysis: Analysis): void {
    const { edges, warnings, fallbacks, usage, cached } = analysis;
    const { emit, planned } = this.#parts;
    this.#reorder(analysis);
    const { clock, settings } = this.#request;
    for (const each of usage) emit({ type: "analysis.usage", usage: each });
    for (const repair of repairsOf(analysis)) emit({ type: "analysis.repaired", ...repair });
    for (const fallback of fallbacks) emit({ type: "run.fallback", ...fallback });
    emit({
      type: "analysis.finished",
      edges: countSources(edges),
      warnings,
      ...(cached === 0 ? {} : { cached }),
      latencyMs: clock.now() - this.#startedAt,
    });
    const plan = this.#planBy({ edges, warnings });
    emit({
      type: "run.planned",
      order: plan.order,
      levels: plan.levels.length,
      width: plan.width,
      criticalPath: plan.criticalPath,
      speedupBound: plan.speedupBound,
      summary: sayPlan(plan, settings, this.#bounds),
      ...(this.#trusted.size === 0 ? {} : { trusted: [...this.#trusted] }),
    });
    this.#plan = plan;
    this.#isFinal = true;
    planned(plan);
  }

  #reorder({ tasks }: Analysis): void {
    if (this.#request.order !== "free") return;
    this.#request = reordered(this.#request, tasks, "kept");
    this.#bounds = runBounds(this.#request, this.#parts.limits);
    this.#places = placesOf(this.#request);
  }

  // What is known so far, of an analysis that will not come to its end.
  #incomplete(): Analysis {
    const isSettled = ({ to }: Edge): boolean => this.#settled.has(this.#places.get(to)!);
    const settled = [...this.#settled.values()].flat();
    const edges = [...this.#known.filter((edge) => !isSettled(edge)), ...settled];
    return { ...noAnalysis(this.#request.tasks), edges };
  }

  #fail(error: unknown): void {
    if (this.#fault !== null) return;
    this.#fault = { error };
    this.#follower?.failed(error);
  }
}
