import { expect } from "vitest";
import { checkInvariants } from "./check-invariants.ts";
import { createSchedulerState } from "./create-state.ts";
import type { SchedulerCommand, SchedulerEvent } from "./messages.ts";
import type { FailureMode, SchedulerPlan, SchedulerState } from "./state.ts";
import { step } from "./step.ts";

export interface PlanSpec {
  readonly size: number;
  /** [from, to, declared] */
  readonly edges?: readonly (readonly [number, number, boolean])[];
  readonly priority?: readonly number[];
  readonly level?: readonly number[];
  readonly inTurn?: readonly number[];
  readonly held?: readonly number[];
  readonly once?: readonly number[];
  readonly retries?: readonly number[];
  readonly tags?: readonly (readonly number[])[];
  readonly tagLimits?: readonly number[];
  readonly memoryMiB?: readonly number[];
  readonly onFailure?: FailureMode;
  readonly speculates?: boolean;
  readonly maxRestarts?: number;
  readonly lookahead?: number;
}

export function planOf(spec: PlanSpec): SchedulerPlan {
  const { size } = spec;
  const edges = [...(spec.edges ?? [])].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const start = new Uint32Array(size + 1);
  for (const [from] of edges) start[from + 1]! += 1;
  for (let i = 0; i < size; i++) start[i + 1]! += start[i]!;
  const flags = (on: readonly number[] = []) =>
    Uint8Array.from({ length: size }, (_, i) => Number(on.includes(i)));
  return {
    size,
    start,
    node: Uint32Array.from(edges, ([, to]) => to),
    hard: Uint8Array.from(edges, ([, , declared]) => Number(declared)),
    speculates: spec.speculates ?? false,
    priority: Float64Array.from({ length: size }, (_, i) => spec.priority?.[i] ?? 1),
    level: spec.level === undefined ? null : Uint32Array.from(spec.level),
    inTurn: flags(spec.inTurn),
    held: flags(spec.held),
    once: flags(spec.once),
    retries: Uint16Array.from({ length: size }, (_, i) => spec.retries?.[i] ?? 0),
    tags: Array.from({ length: size }, (_, i) => spec.tags?.[i] ?? []),
    tagLimits: spec.tagLimits ?? [],
    memoryMiB: Float64Array.from({ length: size }, (_, i) => spec.memoryMiB?.[i] ?? Number.NaN),
    onFailure: spec.onFailure ?? "continue",
    maxRestarts: spec.maxRestarts ?? 1,
    lookahead: spec.lookahead ?? size,
  };
}

/** Drives a scheduler by hand: grants slots up to `capacity` as they are wanted, and records what it says. */
export class Rig {
  readonly state: SchedulerState;
  readonly log: SchedulerCommand[] = [];
  readonly running = new Set<number>();
  settling: number | null = null;
  /** Some task has waited for nothing but to be released. */
  waitedLate = false;
  #wanted = 0;
  #held = 0;

  readonly capacity: number;

  constructor(spec: PlanSpec, capacity: number) {
    this.capacity = capacity;
    this.state = createSchedulerState(planOf(spec));
  }

  send(event: SchedulerEvent): this {
    const queue = [event];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (next.type === "attempt.ended") {
        this.running.delete(next.task);
        this.#held -= 1;
      }
      for (const command of step(this.state, next)) this.#take(command);
      checkInvariants(this.state);
      this.waitedLate ||= this.state.tasks.some(
        ({ held, phase, unmet, unmetSoft }, i) =>
          held && phase === "waiting" && unmet + unmetSoft === 0 && i > this.state.turn,
      );
      expect(this.running.size).toBeLessThanOrEqual(this.capacity);
      if (queue.length === 0 && this.#wanted > 0 && this.#held < this.capacity) {
        this.#held += 1;
        this.#wanted -= 1;
        queue.push({ type: "slot.granted" });
      }
    }
    return this;
  }

  #take(command: SchedulerCommand): void {
    this.log.push(command);
    if (command.type === "start") {
      const { held } = this.state.tasks[command.task]!;
      expect(held && !this.state.speculates && this.state.turn !== command.task, "S2").toBe(false);
      this.running.add(command.task);
    }
    if (command.type === "settle") this.settling = command.task;
    if (command.type === "want-slots") this.#wanted = command.slots;
    if (command.type === "return-slots") this.#held -= command.slots;
  }

  end(task: number, ended: "succeeded" | "failed" | "lost" | "aborted", more: object = {}): this {
    return this.send({
      type: "attempt.ended",
      task,
      ended,
      retryable: ended === "failed",
      outOfMemory: false,
      ...more,
    });
  }

  settle(verdict: "committed" | "conflict" | "refused" | "skipped" = "committed"): this {
    const task = this.settling!;
    this.settling = null;
    return this.send({ type: "task.settled", task, verdict });
  }

  /** Ends a task and settles whatever can be settled. */
  finish(task: number, ended: "succeeded" | "failed" = "succeeded"): this {
    this.end(task, ended);
    while (this.settling !== null) this.settle();
    return this;
  }

  get started(): readonly number[] {
    return this.log.flatMap((command) => (command.type === "start" ? [command.task] : []));
  }

  get outcomes(): readonly (string | null)[] {
    return this.state.tasks.map((task) => task.outcome);
  }

  get over(): boolean {
    return this.log.some((command) => command.type === "finish");
  }
}
