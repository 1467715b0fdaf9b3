// Events of runs, for the tests of what is made from them.
import {
  type AttemptResources,
  type EventBody,
  type EventOf,
  type ModelCall,
  type RunEvent,
  runId,
  type TaskId,
  type UsageRecord,
} from "@sheaf/core";
import fc from "fast-check";

export const RESOURCES: AttemptResources = {
  ...{ latencyMs: 100, queueMs: 10, cpuMs: 50, peakMemoryMiB: 200, vramPeakMiB: null, modelLoads: 0 },
};

// A bare name stands for a task id: what the engine would refuse must not break an export either.
const id = (name: string): TaskId => name as TaskId;

const call = (name: string, attempt: number): ModelCall => ({
  ...{ taskId: id(name), attempt, call: 0, provider: "openai", api: "chat", model: "m", httpRetry: null },
});

type Started = [name: string, attempt?: number, agent?: string, route?: string];

const startedBy = (...[name, attempt = 1, agent = "coder", route = "work"]: Started) => ({
  ...({ type: "attempt.started", cause: "first", executor: "inline" } as const),
  ...{ taskId: id(name), attempt, agent, route },
});

export const tell = {
  begun: (dir: string | null = "/work/paper"): EventBody => ({
    ...{ type: "run.started", tasks: 2, mode: "auto", schedule: "ready", dir, version: "1.2.3" },
    limits: { maxWorkers: 3, cpuWorkers: 2, memoryBudgetMiB: 1000, tags: {} },
  }),
  resumed: (): EventBody => ({ type: "run.resumed", done: 0, takenBack: [], reusable: 0 }),
  ended: (status: "succeeded" | "failed" = "succeeded"): EventBody => ({
    ...{ type: "run.finished", status, wallMs: 1, totalUsd: null, guarantee: "serial-equivalent" },
  }),
  analyzing: (): EventBody => ({ type: "analysis.started", sources: [] }),
  analyzed: (): EventBody => ({ type: "analysis.finished", edges: {}, warnings: [], latencyMs: 1 }),
  analysisUsed: (usage: UsageRecord): EventBody => ({ type: "analysis.usage", usage }),
  started: (...args: Started): EventBody => startedBy(...args),
  /** With the real keys. */
  startedUnmetered: (...args: Started): EventBody => ({ ...startedBy(...args), unmetered: true }),
  /** No gateway could be opened for it. */
  unmetered: (name: string, attempt = 1): EventBody => ({
    ...{ type: "attempt.unmetered", taskId: id(name), attempt },
  }),
  used: (name: string, attempt: number, usage: UsageRecord): EventBody => ({
    ...{ type: "attempt.usage", taskId: id(name), attempt, usage },
  }),
  /** `call` is put in by `stamp`. */
  asking: (name: string, attempt: number): EventBody => ({
    ...{ type: "llm.started", ...call(name, attempt), hold: { model: "m" } },
  }),
  answered: (
    name: string,
    attempt: number,
    used: UsageRecord | null,
    more: Partial<EventOf<"llm.finished">> = {},
  ): EventBody => ({
    ...{ type: "llm.finished", ...call(name, attempt), state: "ok", usage: used, source: "provider" },
    ...{ avoided: null, status: 200, firstByteMs: 1, durationMs: 5 },
    ...more,
  }),
  finished: (name: string, attempt = 1, problem: string | null = null): EventBody => ({
    ...{ type: "attempt.finished", taskId: id(name), attempt, because: null, resources: RESOURCES },
    status: problem === null ? "succeeded" : "failed",
    failure: problem === null ? null : { kind: "agent", error: { name: "Error", message: problem } },
    ...{ output: null, changed: [] },
  }),
  conflicted: (name: string, attempt: number, other: string): EventBody => ({
    ...{ type: "task.conflicted", taskId: id(name), attempt },
    conflicts: [{ what: "notes.txt", with: id(other) }],
  }),
  failed: (name: string, attempt = 1): EventBody => ({
    ...{ type: "task.failed", taskId: id(name), attempt },
    failure: { kind: "agent", error: { name: "Error", message: "no" } },
  }),
  committed: (name: string, attempt = 1): EventBody => ({
    ...{ type: "task.committed", taskId: id(name), attempt, files: 0, bytes: 0, deleted: 0 },
  }),
};

/**
 * Numbers events; the first happens at `from`, each further one 10 ms later. A call that starts makes the last one of its
 * attempt anew.
 */
export function stamp(bodies: readonly EventBody[], from = 1_700_000_000_000): RunEvent[] {
  const last = new Map<string, number>();
  return bodies.map((body, seq) => {
    const event = { seq, at: from + 10 * seq, runId: runId("r-1"), ...body };
    if (event.type !== "llm.started" && event.type !== "llm.finished") return event;
    const key = `${event.taskId} ${event.attempt}`;
    const before = last.get(key);
    if (event.type === "llm.finished") last.set(key, seq);
    const repeats = event.type === "llm.started" && before !== undefined ? { repeats: before } : {};
    return { ...event, call: seq, ...repeats };
  });
}

const NAMES = ["a", "b", 'c"\\\n,', "\ud800", "__proto__", "=1+1"] as const;
const name = fc.constantFrom(...NAMES);
const attempt = fc.integer({ min: 1, max: 2 });
const count = fc.option(fc.nat(10_000), { nil: undefined });

const usage: fc.Arbitrary<UsageRecord> = fc
  .record({
    ...{
      model: name,
      provider: fc.option(name, { nil: undefined }),
      inputTokens: count,
      outputTokens: count,
    },
    costUsd: fc.option(fc.constantFrom(0, 1, 0.1, 0.2, 4.5e-7, 1e-12, 12.25, 1e3), { nil: undefined }),
  })
  .map((record) => JSON.parse(JSON.stringify(record)) as UsageRecord);

const ENDS: readonly Partial<EventOf<"llm.finished">>[] = [
  ...[{}, { repeated: true }, { counted: false }, { state: "aborted", source: "estimated" }],
  ...[{ state: "crashed" }, { state: "replayed" }, { state: "http-error", status: 429 }],
] as const;

const body: fc.Arbitrary<EventBody> = fc.oneof(
  fc.tuple(name, attempt, name, name).map((args) => tell.started(...args)),
  fc.tuple(name, attempt, name, name).map((args) => tell.startedUnmetered(...args)),
  fc.tuple(name, attempt).map((args) => tell.unmetered(...args)),
  fc.tuple(name, attempt, usage).map((args) => tell.used(...args)),
  fc.tuple(name, attempt).map((args) => tell.asking(...args)),
  fc.tuple(name, attempt, fc.option(usage), fc.constantFrom(...ENDS)).map((args) => tell.answered(...args)),
  fc.tuple(name, attempt, fc.option(name)).map((args) => tell.finished(...args)),
  fc.tuple(name, attempt, name).map((args) => tell.conflicted(...args)),
  fc.tuple(name, attempt).map((args) => tell.committed(...args)),
  fc.tuple(name, attempt).map((args) => tell.failed(...args)),
  usage.map(tell.analysisUsed),
  fc.constantFrom(tell.begun(), tell.begun(null), tell.resumed(), tell.ended(), tell.ended("failed")),
  fc.constantFrom(tell.analyzing(), tell.analyzed()),
);

/** Events in any order, of names that are hard to write down. */
export const anyEvents: fc.Arbitrary<RunEvent[]> = fc
  .tuple(
    fc.array(body, { minLength: 1, maxLength: 40 }),
    fc.infiniteStream(fc.integer({ min: -30, max: 1000 })),
  )
  .map(([bodies, pauses]) => {
    let at = 1_700_000_000_000; // a clock may be set back
    return stamp(bodies).map((event) => {
      at += pauses.next().value ?? 0;
      return { ...event, at };
    });
  });
