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
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COST_CLASSES } from "./cost-class.ts";
import type { CostLine } from "./cost-line.ts";
import { type CostSummary, createCostBook, summarizeCost } from "./cost-summary.ts";
import { usdToPico } from "./money.ts";

const resources: AttemptResources = {
  latencyMs: 100,
  queueMs: 10,
  cpuMs: 50,
  peakMemoryMiB: 200,
  vramPeakMiB: 500,
  modelLoads: 2,
};

// A bare name stands for a task id; ids that the engine would refuse must not confuse the bill either.
const id = (name: string): TaskId => name as TaskId;
const started = (name: string, attempt = 1, agent = "coder", route = "work"): EventBody => ({
  type: "attempt.started",
  taskId: id(name),
  attempt,
  cause: "first",
  executor: "inline",
  agent,
  route,
});
const unmetered = (name: string, attempt: number): EventBody => ({
  ...{ type: "attempt.unmetered", taskId: id(name), attempt },
});
const used = (name: string, attempt: number, costUsd?: number, model = "m"): EventBody => ({
  type: "attempt.usage",
  taskId: id(name),
  attempt,
  usage: { model, inputTokens: 10, outputTokens: 5, ...(costUsd === undefined ? {} : { costUsd }) },
});
const analyzed = (costUsd?: number): EventBody => ({
  type: "analysis.usage",
  usage: { model: "m", inputTokens: 10, outputTokens: 5, ...(costUsd === undefined ? {} : { costUsd }) },
});
const asked = (name: string, attempt: number, call: number, httpRetry: number | null = null): ModelCall => ({
  ...{ taskId: id(name), attempt, call, provider: "p", api: "chat", model: "m" },
  httpRetry,
});
const opened = (...at: Parameters<typeof asked>): EventBody => ({
  ...{ type: "llm.started", ...asked(...at), hold: { model: "m", inputTokens: 10 } },
});
const closed = (
  at: Parameters<typeof asked>,
  more: Partial<EventOf<"llm.finished">>,
  costUsd?: number,
): EventBody => ({
  ...{ type: "llm.finished", ...asked(...at), state: "ok", source: "provider", avoided: null },
  ...{ status: 200, firstByteMs: 1, durationMs: 2 },
  usage: { model: "m", inputTokens: 10, outputTokens: 5, ...(costUsd === undefined ? {} : { costUsd }) },
  ...more,
});
const failure = { kind: "agent", error: { name: "Error", message: "no" } } as const;
const finished = (
  name: string,
  attempt: number,
  status: "succeeded" | "failed" | "lost" | "aborted" = "succeeded",
  taken: AttemptResources = resources,
): EventBody => ({
  type: "attempt.finished",
  taskId: id(name),
  attempt,
  status,
  failure: status === "failed" ? failure : null,
  because: null,
  resources: taken,
  output: null,
  changed: [],
});
const committed = (name: string, attempt: number): EventBody => ({
  type: "task.committed",
  taskId: id(name),
  attempt,
  files: 0,
  bytes: 0,
  deleted: 0,
});
const reused = (name: string, attempt: number, savedUsd: number | null): EventBody => ({
  type: "task.reused",
  taskId: id(name),
  attempt,
  from: "memo",
  savedUsd,
});
const conflicted = (name: string, attempt: number): EventBody => ({
  type: "task.conflicted",
  taskId: id(name),
  attempt,
  conflicts: [],
});

const stamp = (bodies: readonly EventBody[]): RunEvent[] =>
  bodies.map((body, seq) => ({ seq, at: seq, runId: runId("r"), ...body }));
const bill = (...bodies: EventBody[]): CostSummary => summarizeCost(stamp(bodies));
describe("the total", () => {
  it("is 0 without calls", () => {
    expect(bill()).toMatchObject({ totalUsd: 0, partial: false, calls: 0 });
    expect(bill(started("a"))).toMatchObject({ totalUsd: 0, partial: false });
  });

  it("is unknown when no call has a known price, never 0", () => {
    const summary = bill(started("a"), used("a", 1), analyzed());
    expect(summary).toMatchObject({ totalUsd: null, partial: true, calls: 2, unpricedCalls: 2 });
    expect(summary.byTask.a).toMatchObject({ usd: null, partial: true });
    expect(summary.byClass["http-retry"]).toMatchObject({ usd: 0, partial: false });
  });

  it("is the known part, marked partial, when some price is unknown", () => {
    const summary = bill(started("a"), used("a", 1, 0.25), used("a", 1));
    expect(summary).toMatchObject({ totalUsd: 0.25, partial: true, calls: 2, unpricedCalls: 1 });
  });

  it("counts a price of 0 as known", () => {
    expect(bill(started("a"), used("a", 1, 0))).toMatchObject({ totalUsd: 0, partial: false });
  });

  it("is exact where doubles are not", () => {
    const tenths = Array.from({ length: 10 }, () => used("a", 1, 0.1));
    expect(bill(started("a"), ...tenths).totalUsd).toBe(1);
  });

  it("takes a cost or a count that a journal could not hold for unknown", () => {
    const usage = { model: "m", costUsd: null, inputTokens: null } as never;
    const event: EventBody = { type: "attempt.usage", taskId: id("a"), attempt: 1, usage };
    expect(bill(started("a"), event)).toMatchObject({ totalUsd: null, inputTokens: 0 });
    expect(bill(started("a"), used("a", 1, Number.NaN), used("a", 1, -1)).unpricedCalls).toBe(2);
  });

  it("counts tokens, cached and reasoning ones too", () => {
    const usage = {
      model: "m",
      inputTokens: 100,
      cachedInputTokens: 40,
      cacheWriteTokens: 10,
      outputTokens: 9,
      reasoningTokens: 3,
    };
    const event: EventBody = { type: "attempt.usage", taskId: id("a"), attempt: 1, usage };
    const counts = {
      calls: 2,
      inputTokens: 200,
      cachedInputTokens: 80,
      cacheWriteTokens: 20,
      outputTokens: 18,
      reasoningTokens: 6,
    };
    const summary = bill(started("a"), event, event);
    expect(summary).toMatchObject(counts);
    expect(summary.byModel.m).toMatchObject(counts);
  });
});

describe("the tables", () => {
  it("always have every class", () => {
    expect(Object.keys(bill().byClass)).toEqual([...COST_CLASSES]);
  });

  it("book an attempt under the class of what became of it", () => {
    const { byClass } = bill(
      ...[started("a"), used("a", 1, 1), finished("a", 1, "failed")],
      ...[started("a", 2), used("a", 2, 2), finished("a", 2), conflicted("a", 2)],
      ...[started("a", 3), used("a", 3, 4), finished("a", 3), committed("a", 3)],
    );
    expect(byClass["failed-attempt"].usd).toBe(1);
    expect(byClass["conflict-rerun"].usd).toBe(2);
    expect(byClass.useful.usd).toBe(4);
  });

  it("book the search for dependencies under a class, an agent and a route of its own", () => {
    const { byClass, byAgent, byRoute, byTask } = bill(analyzed(0.5), started("a"), used("a", 1, 1));
    expect(byClass.analysis.usd).toBe(0.5);
    expect(byAgent["@analysis"]?.usd).toBe(0.5);
    expect(byRoute.analysis?.usd).toBe(0.5);
    expect(Object.keys(byTask)).toEqual(["a"]);
    expect(Object.keys(bill(started("a")).byAgent)).toEqual(["coder"]);
  });

  it("hold agents and routes as the start of the attempt gave them, and unknown where it is missing", () => {
    const summary = bill(
      ...[started("a", 1, "coder", "draft"), used("a", 1, 1)],
      ...[started("a", 2, "writer", "final"), used("a", 2, 2), used("lost", 1, 4)],
    );
    expect(Object.keys(summary.byAgent)).toEqual(["coder", "writer", "unknown"]);
    expect(summary.byAgent.writer?.usd).toBe(2);
    expect(summary.byRoute.draft?.usd).toBe(1);
    expect(summary.byRoute.unknown?.usd).toBe(4);
    expect(summary.byTask.a?.usd).toBe(3);
  });

  it("leave out what was not started, as another run had done it", () => {
    const summary = bill(reused("a", 1, 0.5), committed("a", 1), started("b"), committed("b", 1));
    expect([summary.byTask, summary.byAgent, summary.byRoute].map(Object.keys)).toEqual([
      ["b"],
      ["coder"],
      ["work"],
    ]);
  });

  it("can be kept as JSON, and take any name", () => {
    const names = ["__proto__", "constructor", "toString"];
    const events = names.flatMap((name) => [started(name, 1, name, name), used(name, 1, 1, name)]);
    const summary = bill(...events, ...names.map((name) => finished(name, 1)));
    const { byTask, byAgent, byModel, byRoute } = summary;
    for (const table of [byTask, byAgent, byModel, byRoute]) {
      expect(Object.keys(table)).toEqual(names);
      expect(Object.getPrototypeOf(table)).toBeNull();
      for (const name of names) expect(table[name]?.usd).toBe(1);
      expect(table.valueOf).toBeUndefined();
    }
    expect(Object.keys(summary.resources.byTask)).toEqual(names);
    expect(Object.keys(JSON.parse(JSON.stringify(summary)).byTask)).toEqual(names);
  });
});

describe("what the memo spared", () => {
  it("is counted once a task, however often and in how many sessions it was taken", () => {
    const summary = bill(reused("a", 1, 0.5), reused("a", 1, 0.25), reused("b", 1, 1), reused("c", 1, null));
    expect(summary.avoided.memoSavedUsd).toBe(1.25);
  });

  it("is nothing where a journal tells no amount", () => {
    expect(bill(reused("a", 1, -1)).avoided.memoSavedUsd).toBe(0);
  });

  it("is nothing where the task was started after all", () => {
    const summary = bill(reused("a", 1, 0.5), conflicted("a", 1), started("a", 2), used("a", 2, 0.5));
    expect([summary.avoided.memoSavedUsd, summary.totalUsd]).toEqual([0, 0.5]);
  });
});

describe("the resources", () => {
  it("are summed a task, in total and as a mean over the tasks of which an attempt has ended", () => {
    const more = { ...resources, latencyMs: 300, vramPeakMiB: 700, modelLoads: 0 };
    const summary = bill(
      ...[started("a"), finished("a", 1, "failed"), started("a", 2), finished("a", 2, "succeeded", more)],
      ...[started("b"), finished("b", 1), started("c")],
    );
    expect(Object.keys(summary.resources.byTask)).toEqual(["a", "b"]);
    expect(summary.resources.byTask.a).toMatchObject({ attempts: 2, latencyMs: 400, vramPeakMiB: 700 });
    expect(summary.resources.byTask.a?.normalizedCost).toBe(25.1 + 7.3);
    expect(summary.resources.total).toMatchObject({ attempts: 3, latencyMs: 500, vramPeakMiB: 700 });
    expect(summary.resources.meanPerTask).toMatchObject({ attempts: 1.5, latencyMs: 250, vramPeakMiB: 600 });
  });

  it("are nothing before an attempt has ended", () => {
    const { total, meanPerTask } = bill(started("a")).resources;
    expect(total).toEqual(meanPerTask);
    expect(total).toMatchObject({ attempts: 0, latencyMs: 0, cpuMs: null, normalizedCost: 0 });
  });

  it("are weighed as asked", () => {
    const weights = { latencyMs: 1, vramPeakMiB: 0, modelLoads: 0 };
    const events = stamp([started("a"), finished("a", 1)]);
    expect(summarizeCost(events, { weights }).resources.total.normalizedCost).toBe(100);
    expect(() => createCostBook({ weights: { ...weights, latencyMs: -1 } })).toThrow("`weights.latencyMs`");
  });
});

describe("calls seen on their way", () => {
  const usdByClass = (...events: EventBody[]) =>
    Object.fromEntries(
      Object.entries(bill(...events).byClass).flatMap(([name, { usd }]) => (usd === 0 ? [] : [[name, usd]])),
    );

  it("cost what they used, in the class of their attempt", () => {
    const events = [started("a"), opened("a", 1, 1), closed(["a", 1, 1], {}, 2), finished("a", 1, "failed")];
    expect(usdByClass(...events)).toEqual({ "failed-attempt": 2 });
    expect(bill(...events)).toMatchObject({ calls: 1, totalUsd: 2, partial: false });
  });

  it("are http-retry where the client made them anew, whichever ends first", () => {
    const [first, again] = [["a", 1, 1], ["a", 1, 3]] as const; // biome-ignore format: two calls
    const other = [opened("a", 1, 2), closed(["a", 1, 2], {}, 8)];
    const lost = { state: "aborted", source: "estimated" } as const;
    const restarted = { ...opened(...again), repeats: 1 } as EventBody;
    const after = closed([...again], {}, 4);
    const expected = { "http-retry": 2, useful: 12 };
    const before = [opened(...first), closed([...first], lost, 2)];
    expect(usdByClass(started("a"), ...before, ...other, restarted, after)).toEqual(expected);
    const late = closed([...first], { ...lost, repeated: true }, 2);
    expect(usdByClass(started("a"), opened(...first), ...other, opened(...again), after, late)).toEqual(
      expected,
    );
    expect(usdByClass(started("a"), ...before, ...other, opened(...again), after)).toEqual({ useful: 14 });
  });

  it("are open until it is told what became of them, and the total is partial as long", () => {
    const twice = [started("a"), opened("a", 1, 1), opened("a", 1, 2), closed(["a", 1, 2], {}, 1)];
    expect(bill(...twice)).toMatchObject({ calls: 1, openCalls: 1, partial: true });
    const estimated = closed(["a", 1, 1], { source: "estimated", state: "crashed" }, 2);
    const over = bill(...[started("a"), opened("a", 1, 1), estimated]);
    expect(over).toMatchObject({ calls: 1, openCalls: 0, estimatedCalls: 1, partial: false });
    expect(over.byClass["estimated-crash"].estimatedCalls).toBe(1);
  });

  it("are estimated-crash where the engine went away", () => {
    const crashed = closed(["a", 1, 1], { state: "crashed", source: "estimated", status: null }, 3);
    expect(usdByClass(started("a"), opened("a", 1, 1), crashed)).toEqual({ "estimated-crash": 3 });
  });

  it("cost nothing where no server has answered, and nobody knows what where one has not said", () => {
    for (const state of ["http-error", "unreachable"] as const) {
      const failed = closed(["a", 1, 1], { state, usage: null, source: "none" });
      expect(bill(started("a"), opened("a", 1, 1), failed)).toMatchObject({
        calls: 1,
        totalUsd: 0,
        partial: false,
      });
    }
    const untold = closed(["a", 1, 1], { usage: null, source: "none", api: null });
    expect(bill(started("a"), opened("a", 1, 1), untold)).toMatchObject({
      calls: 1,
      totalUsd: null,
      partial: true,
    });
  });

  it("are no spend but avoided where they were replayed, and count once where the agent tells of them, too", () => {
    const usage = { model: "m", inputTokens: 10, outputTokens: 5, costUsd: 2 };
    const replayed = closed(["a", 2, 1], { state: "replayed", usage: null, avoided: usage, source: "none" });
    expect(bill(started("a", 2), replayed)).toMatchObject({ calls: 0, avoided: { replaySavedUsd: 2 } });
    const told = { ...used("a", 1, 2), counted: false } as EventBody;
    const seen = [opened("a", 1, 1), closed(["a", 1, 1], {}, 2)];
    expect(bill(started("a"), ...seen, told)).toMatchObject({ calls: 1, totalUsd: 2 });
    const late = closed(["a", 1, 1], { counted: false }, 2);
    expect(bill(started("a"), used("a", 1, 2), opened("a", 1, 1), late)).toMatchObject({
      calls: 1,
      totalUsd: 2,
    });
  });

  it("tell what the prompt cache saved, less what writing to it cost", () => {
    const call = (number: number, cacheSavedUsd: number) =>
      closed(["a", 1, number], { usage: { model: "m", inputTokens: 10, costUsd: 2, cacheSavedUsd } });
    const saved = (...calls: readonly EventBody[]): number =>
      bill(started("a"), ...calls).avoided.promptCacheSavedUsd;
    expect(saved(call(1, 1))).toBe(1);
    expect(saved(call(1, 1), call(2, -0.25))).toBe(0.75);
    expect(saved(call(1, -0.25))).toBe(-0.25);
  });
});

// Random histories, legal or not: the bill must add up whatever happened.
const names = fc.constantFrom("a", "b", "constructor");
const attempts = fc.integer({ min: 1, max: 3 });
// Below 1e15 pico-dollars a double holds the amount to the last digit, so the model can count in integers.
const prices = fc.option(fc.integer({ min: 0, max: 1e13 }), { nil: undefined });
const usd = (pico: number | undefined): number | undefined => (pico === undefined ? undefined : pico / 1e12);
const numbers = fc.integer({ min: 1, max: 4 });
const retries = fc.constantFrom(null, 0, 1);
const words = fc.constantFrom("x", "y", "__proto__");
const anyEvent: fc.Arbitrary<EventBody> = fc.oneof(
  fc.tuple(names, attempts, words, words).map((at) => started(...at)),
  fc
    .tuple(names, attempts, words, words)
    .map((at) => ({ ...(started(...at) as EventOf<"attempt.started">), unmetered: true as const })),
  fc.tuple(names, attempts).map((at) => unmetered(...at)),
  {
    weight: 4,
    arbitrary: fc.tuple(names, attempts, prices, words).map(([a, b, c, d]) => used(a, b, usd(c), d)),
  },
  prices.map((pico) => analyzed(usd(pico))),
  fc
    .tuple(names, attempts, fc.constantFrom("succeeded", "failed", "lost", "aborted"))
    .map(([name, attempt, status]) => finished(name, attempt, status)),
  fc.tuple(names, attempts).map((at) => conflicted(...at)),
  fc.tuple(names, attempts).map((at) => committed(...at)),
  fc.tuple(names, attempts, numbers, retries).map((at) => opened(...at)),
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        names,
        attempts,
        numbers,
        retries,
        fc.constantFrom("ok", "aborted", "crashed", "replayed"),
        prices,
      )
      .map(([name, attempt, call, retry, state, pico]) =>
        closed(
          [name, attempt, call, retry],
          state === "replayed"
            ? { state, usage: null }
            : { state, source: state === "ok" ? "provider" : "estimated" },
          usd(pico),
        ),
      ),
  },
);
const histories = fc.array(anyEvent, { maxLength: 60 });

const FIELDS = [
  "calls",
  "unpricedCalls",
  "estimatedCalls",
  "unmetered",
  "inputTokens",
  "outputTokens",
] as const;
const sumOf = (lines: readonly CostLine[]) => ({
  pico: lines.reduce((sum, { usd }) => sum + usdToPico(usd ?? 0), 0n),
  ...Object.fromEntries(FIELDS.map((field) => [field, lines.reduce((sum, line) => sum + line[field], 0)])),
});

/** Counts the attempts that have begun, or used something, of which the last that was said is that nobody counts. */
function countUnmetered(events: readonly EventBody[]): number {
  const made = new Set<string>();
  const said = new Set<string>();
  for (const event of events) {
    if (!("attempt" in event)) continue;
    const key = `${event.taskId} ${event.attempt}`;
    const begins = event.type === "attempt.started";
    if (begins || ("usage" in event && event.usage !== null)) made.add(key);
    if (begins) said.delete(key);
    if (event.type === "attempt.unmetered" || (begins && event.unmetered === true)) said.add(key);
  }
  return [...said].filter((key) => made.has(key)).length;
}

describe("any history", () => {
  it("gives tables of which each sums to the total, to the last pico-dollar", () => {
    fc.assert(
      fc.property(histories, (events) => {
        const summary = bill(...events);
        const { byClass, byTask, byAgent, byModel, byRoute } = summary;
        const calls = events.flatMap((event) =>
          "usage" in event && event.usage !== null ? [event as { usage: UsageRecord }] : [],
        );
        const total = {
          pico: calls.reduce((sum, { usage }) => sum + BigInt(Math.round((usage.costUsd ?? 0) * 1e12)), 0n),
          calls: calls.length,
          unmetered: countUnmetered(events),
          unpricedCalls: calls.filter(({ usage }) => usage.costUsd === undefined).length,
          estimatedCalls: calls.filter((event) => "source" in event && event.source === "estimated").length,
          inputTokens: 10 * calls.length,
          outputTokens: 5 * calls.length,
        };
        expect(sumOf([{ ...summary, usd: summary.totalUsd }])).toEqual(total);
        expect(sumOf(Object.values(byClass))).toEqual(total);
        expect(sumOf([...Object.values(byTask), byClass.analysis])).toEqual(total);
        for (const table of [byAgent, byModel, byRoute]) expect(sumOf(Object.values(table))).toEqual(total);
      }),
      cases({ ci: 200, deep: 2_000 }),
    );
  });

  it("gives the same bill event by event as all at once", () => {
    fc.assert(
      fc.property(histories, (events) => {
        const book = createCostBook();
        for (const event of stamp(events)) {
          book.add(event);
          book.summary();
        }
        expect(book.summary()).toEqual(bill(...events));
      }),
    );
  });
});
