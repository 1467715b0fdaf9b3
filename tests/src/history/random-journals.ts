// Journals of runs that never were: every event in any order, as long as each could stand in a journal.
import type { EventBody, RunEvent } from "@sheaf/core";
import fc from "fast-check";

const BASE = Date.UTC(2026, 10, 21, 22, 40);
const task = fc.constantFrom("a", "b", "c");
const attempt = fc.integer({ min: 1, max: 3 });
const model = fc.constantFrom("m1", "m2", "constructor", 'odd, "name"');

const usage = fc.record(
  {
    model,
    provider: fc.constantFrom("p1", "p2"),
    inputTokens: fc.nat(10_000),
    cachedInputTokens: fc.nat(100),
    cacheWriteTokens: fc.nat(100),
    outputTokens: fc.nat(10_000),
    reasoningTokens: fc.nat(100),
    costUsd: fc.nat(10_000_000).map((pico) => pico / 1e9),
  },
  { requiredKeys: ["model"] },
);

const resources = {
  ...{ latencyMs: 5, queueMs: 0.5, cpuMs: null, peakMemoryMiB: null, vramPeakMiB: null, modelLoads: 0 },
};
const started = { mode: "auto", schedule: "ready", dir: "/d", limits: {}, version: "0", tasks: 3 };

const body = (type: string, fields: object): EventBody => ({ type, ...fields }) as unknown as EventBody;

const bodies: fc.Arbitrary<EventBody> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(task, attempt, usage)
      .map(([taskId, n, used]) => body("attempt.usage", { taskId, attempt: n, usage: used })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        ...([task, attempt, fc.constantFrom("w1", "w2"), fc.constantFrom("r1", "r2", "unknown")] as const),
        fc.constantFrom("first", "retry", "conflict"),
        fc.constantFrom({}, {}, {}, { unmetered: true }),
      )
      .map(([taskId, n, agent, route, cause, past]) =>
        body("attempt.started", { taskId, attempt: n, agent, route, cause, executor: "inline", ...past }),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(task, attempt, fc.constantFrom("succeeded", "failed", "lost", "aborted"))
      .map(([taskId, n, status]) => body("attempt.finished", { taskId, attempt: n, status, resources })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(task, attempt, fc.constantFrom("task.conflicted", "task.committed", "task.failed"))
      .map(([taskId, n, type]) => body(type, { taskId, attempt: n })),
  },
  fc
    .tuple(
      task,
      fc.constantFrom({ reason: "stopped" }, { reason: "budget" }, { reason: "budget", done: true }),
    )
    .map(([taskId, because]) => body("task.skipped", { taskId, because })),
  fc
    .tuple(task, attempt, fc.constantFrom("memo", "resume"), fc.constantFrom(null, 0.25, -1))
    .map(([taskId, n, from, savedUsd]) => body("task.reused", { taskId, attempt: n, from, savedUsd })),
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        ...([task, attempt, fc.option(usage)] as const),
        fc.constantFrom("ok", "aborted", "http-error", "crashed", "replayed"),
        fc.constantFrom("provider", "provider", "estimated"),
        fc.constantFrom({}, {}, { repeated: true }, { counted: false }),
      )
      .map(([taskId, n, used, state, source, more]) =>
        body("llm.finished", {
          taskId,
          attempt: n,
          provider: "p1",
          model: "m1",
          usage: used,
          ...{ state, source },
          ...more,
        }),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(task, attempt)
      .map(([taskId, n]) => body("llm.started", { taskId, attempt: n, hold: { model: "m1" } })),
  },
  { weight: 2, arbitrary: fc.constant(body("attempt.unmetered", {})) },
  usage.map((used) => body("analysis.usage", { usage: used })),
  fc.constant(body("run.started", started)),
  fc.constant(body("run.finished", { status: "succeeded", wallMs: 12.5 })),
);

/** Milliseconds between two events: none, some, over a minute, an hour, days; or the clock is set back. */
const pause = fc.constantFrom(
  ...[0, 1, 977, 59_999, 60_000, 61_234, 3_599_999, 3_700_000, 86_400_000, 5 * 86_400_000],
  ...[-1, -61_234, -86_400_000],
);

/** The events of a run, in order. */
export const journals: fc.Arbitrary<readonly RunEvent[]> = fc
  .array(fc.tuple(bodies, pause), { minLength: 1, maxLength: 40 })
  .map((steps) => {
    let at = BASE;
    const last = new Map<string, number>();
    return possible(steps).map(([fields, ms], seq) => {
      at += ms;
      return { seq, at, runId: "r", ...withNumbers(fields, seq, last) } as RunEvent;
    });
  })
  .filter((events) => events.length > 0);

// That nobody counts its calls is said of an attempt that has started: of the last one.
function possible<T>(steps: readonly (readonly [EventBody, T])[]): readonly (readonly [EventBody, T])[] {
  let last: object | null = null;
  return steps.flatMap(([fields, rest]): readonly (readonly [EventBody, T])[] => {
    if (fields.type === "attempt.started") last = { taskId: fields.taskId, attempt: fields.attempt };
    if (fields.type !== "attempt.unmetered") return [[fields, rest]];
    return last === null ? [] : [[{ ...fields, ...last }, rest]];
  });
}

// Each call has a number of its own; what starts makes the last one of its attempt anew.
function withNumbers(fields: EventBody, seq: number, last: Map<string, number>): EventBody {
  if (fields.type !== "llm.started" && fields.type !== "llm.finished") return fields;
  const key = `${fields.taskId} ${fields.attempt}`;
  const before = last.get(key);
  if (fields.type === "llm.finished") last.set(key, seq);
  const repeats = fields.type === "llm.started" && before !== undefined ? { repeats: before } : {};
  return { ...fields, call: seq, ...repeats };
}

/** A time near that of some event, in ms since 1970. */
export const moments: fc.Arbitrary<(runs: readonly (readonly RunEvent[])[]) => number> = fc
  .tuple(
    fc.nat(),
    fc.nat(),
    fc.constantFrom(-3_600_000, -60_000, -1, 0, 1, 60_000, 86_399_999, 86_400_000, 86_400_001),
  )
  .map(([run, event, ms]) => (runs) => {
    const events = runs[run % runs.length]!;
    return events[event % events.length]!.at + ms;
  });
