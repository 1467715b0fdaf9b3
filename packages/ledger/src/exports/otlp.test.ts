import type { UsageRecord } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summarizeCost } from "../cost-summary.ts";
import { anyEvents, stamp, tell } from "./events-rig.ts";
import { otlpMetrics, otlpTraces } from "./otlp.ts";
import type { OtlpSpan } from "./otlp-json.ts";
import { factsOf, metricsOf, priced, spansOf, values } from "./otlp-rig.ts";
import { metricsProblems, tracesProblems } from "./otlp-schema-rig.ts";
import { runFacts } from "./run-facts.ts";

const unpriced: UsageRecord = { model: "m", inputTokens: 7 };

/** Task b was conflicted by a, failed nowhere, and ran twice. */
const story = factsOf(
  tell.begun(), // 0
  tell.analyzing(), // 1
  tell.analysisUsed(unpriced), // 2
  tell.analyzed(), // 3
  tell.started("a"), // 4
  tell.started("b", 1, "writer"), // 5
  tell.used("a", 1, priced), // 6
  tell.finished("a"), // 7
  tell.finished("b"), // 8
  tell.committed("a"), // 9
  tell.conflicted("b", 1, "a"), // 10
  tell.started("b", 2, "writer"), // 11
  tell.finished("b", 2, "no such file"), // 12
  tell.ended("failed"), // 13
);

const at = (seq: number): string => `${1_700_000_000_000 + 10 * seq}000000`;

describe("the spans of a run", () => {
  const spans = spansOf(story);
  const [run, plan, a, b1, b2, asked, called] = spans as [OtlpSpan, ...OtlpSpan[]];

  it("are the run, its analysis, the attempts and the calls, each below what made it", () => {
    expect(spans.map(({ name, kind }) => [name, kind])).toEqual([
      ["invoke_workflow paper", 1],
      ["plan", 1],
      ["invoke_agent coder", 1],
      ["invoke_agent writer", 1],
      ["invoke_agent writer", 1],
      ["chat m", 3],
      ["chat gpt-4o-mini-2024-07-18", 3],
    ]);
    const parents = spans.map(({ parentSpanId }) => spans.findIndex(({ spanId }) => spanId === parentSpanId));
    expect(parents).toEqual([-1, 0, 0, 0, 0, 1, 2]);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  });

  it("last from the event that began them to the one that ended them", () => {
    const times = spans.map(({ startTimeUnixNano, endTimeUnixNano }) => [startTimeUnixNano, endTimeUnixNano]);
    expect(times.slice(0, 5)).toEqual([
      [at(0), at(13)],
      [at(1), at(3)],
      [at(4), at(7)],
      [at(5), at(8)],
      [at(11), at(12)],
    ]);
  });

  it("have usage and cost on the call alone", () => {
    const used = ({ attributes }: OtlpSpan): boolean =>
      attributes.some(({ key }) => key.startsWith("gen_ai.usage.") || key.startsWith("sheaf.cost"));
    expect(spans.filter(used)).toEqual([asked, called]);
    expect(values(called!.attributes)).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4o-mini-2024-07-18",
      "gen_ai.usage.input_tokens": "100",
      "gen_ai.usage.cache_read.input_tokens": "40",
      "gen_ai.usage.output_tokens": "50",
      "gen_ai.usage.reasoning.output_tokens": "20",
      "gen_ai.usage.cost.amount": 1,
      "gen_ai.usage.cost.currency": "USD",
      "gen_ai.usage.cost.source": "local",
      "sheaf.price.version": "0.1.8",
      "sheaf.cost.class": "useful",
    });
    expect(called!.attributes).toContainEqual({ key: "gen_ai.usage.cost.amount", value: { doubleValue: 1 } });
    expect(values(asked!.attributes)).toMatchObject({ "sheaf.cost.class": "analysis" });
    expect(values(asked!.attributes)).not.toHaveProperty("gen_ai.usage.cost.amount");
    expect(values(asked!.attributes)).not.toHaveProperty("gen_ai.usage.output_tokens");
  });

  it("say what failed and how", () => {
    expect(b2!.status).toEqual({ code: 2, message: "no such file" });
    expect(values(b2!.attributes)).toMatchObject({ "error.type": "agent", "sheaf.attempt.status": "failed" });
    expect(run.status).toEqual({ code: 2, message: "The run ended as failed." });
    expect([plan, a, b1].map((span) => span!.status)).toEqual([undefined, undefined, undefined]);
  });

  it("say which attempts nobody counted the calls of", () => {
    const spans = spansOf(
      factsOf(tell.startedUnmetered("a"), tell.started("b"), tell.unmetered("b"), tell.started("c")),
    );
    const said = spans.map(({ attributes }) => values(attributes)["sheaf.attempt.unmetered"]);
    expect(said).toEqual([undefined, true, true, undefined]);
  });

  it("link an attempt to those it depended on that had ended when it began", () => {
    const link = (span: OtlpSpan, why: string) => [
      {
        traceId: span.traceId,
        spanId: span.spanId,
        attributes: [{ key: "sheaf.link.why", value: { stringValue: why } }],
      },
    ];
    expect([a, b1, b2].map((span) => span!.links)).toEqual([undefined, undefined, link(a!, "conflict")]);
    const told = factsOf(tell.started("a"), tell.finished("a"), tell.started("b"), tell.started("c"));
    const [, first, ...rest] = spansOf(told, [
      { from: "a", to: "b" },
      { from: "b", to: "c" },
      { from: "a", to: "a" },
    ]);
    expect([first, ...rest].map((span) => span!.links)).toEqual([undefined, link(first!, "edge"), undefined]);
  });

  it("have the same ids however often, and however late, the run is exported", () => {
    const bodies = [tell.begun(), tell.started("a"), tell.used("a", 1, priced)];
    const early = spansOf(factsOf(...bodies));
    const late = spansOf(factsOf(...bodies, tell.finished("a"), tell.ended()));
    expect(late.map(({ spanId }) => spanId)).toEqual(early.map(({ spanId }) => spanId));
    expect(new Set(late.map(({ spanId }) => spanId)).size).toBe(3);
    const other = spansOf(runFacts(stamp(bodies, 1_800_000_000_000))!);
    expect(other[0]!.traceId).not.toBe(early[0]!.traceId);
  });

  it("of what was cut off end with the session", () => {
    const killed = [tell.begun(), tell.started("a"), tell.started("b"), tell.finished("b")];
    const again = [tell.begun(), tell.resumed(), tell.started("a", 2), tell.finished("a", 2), tell.ended()];
    const [run, cut] = spansOf(factsOf(...killed, ...again));
    expect([cut!.startTimeUnixNano, cut!.endTimeUnixNano]).toEqual([at(1), at(3)]);
    expect(values(cut!.attributes)["sheaf.attempt.status"]).toBe("cut off");
    expect(run!.endTimeUnixNano).toBe(at(8));
  });

  it("never end before they began, though the clock was set back", () => {
    const [begun, started, finished] = stamp([tell.begun(), tell.started("a"), tell.finished("a")]);
    const spans = spansOf(runFacts([begun!, started!, { ...finished!, at: started!.at - 3_600_000 }])!);
    expect(spans.map(({ endTimeUnixNano }) => endTimeUnixNano)).toEqual([at(1), at(1)]);
  });

  it("of calls whose attempt nobody told of are put to its class and to the run", () => {
    const run = factsOf(tell.used("a", 1, priced), tell.committed("a", 2));
    const [root, call] = spansOf(run);
    expect(call!.parentSpanId).toBe(root!.spanId);
    expect(values(call!.attributes)["sheaf.cost.class"]).toBe("failed-attempt");
  });

  it("come a thousand in a message at most", () => {
    const many = Array.from({ length: 2000 }, (_, i) => tell.started(`t${i}`));
    const messages = otlpTraces(factsOf(...many)).map((message) => JSON.parse(message));
    const sizes = messages.map(({ resourceSpans }) => resourceSpans[0].scopeSpans[0].spans.length);
    expect(sizes).toEqual([1000, 1000, 1]);
  });

  it("of a call of known length begin that much earlier", () => {
    const [call] = story.calls;
    const known = {
      ...story,
      calls: [{ ...call!, durationMs: 12.5, state: "http-error", httpStatus: 429 } as const],
    };
    const last = spansOf(known).at(-1)!;
    expect(last.startTimeUnixNano).toBe("1700000000007500000");
    expect(values(last.attributes)).toMatchObject({ "error.type": "429", "sheaf.call.duration_known": true });
    expect(last.status?.message).toBe("The call ended as http-error.");
  });
});

describe("the metrics of a run", () => {
  const point = (name: string, run = story) => {
    const { sum, histogram } = metricsOf(run).find((metric) => metric.name === name)!;
    return (sum ?? histogram)!.dataPoints as unknown as readonly Record<string, unknown>[];
  };

  it("count tokens by type, where they are known", () => {
    const [analysis, ...called] = point("gen_ai.client.token.usage");
    expect(values(analysis!.attributes as never)).toEqual({
      "gen_ai.operation.name": "chat",
      ...{ "gen_ai.request.model": "m", "gen_ai.response.model": "m" },
      "gen_ai.token.type": "input",
    });
    expect(called).toMatchObject([
      { count: "1", sum: 100 },
      { count: "1", sum: 50 },
    ]);
  });

  it("put a value that equals a bound below it", () => {
    const used = [
      tell.used("a", 1, { model: "m", inputTokens: 4 }),
      tell.used("a", 1, { model: "m", inputTokens: 5 }),
    ];
    const [tokens] = point("gen_ai.client.token.usage", factsOf(...used));
    expect(tokens).toMatchObject({ count: "2", min: 4, max: 5 });
    expect((tokens!.bucketCounts as string[]).slice(0, 4)).toEqual(["0", "1", "1", "0"]);
    expect(tokens!.bucketCounts).toHaveLength((tokens!.explicitBounds as number[]).length + 1);
  });

  it("tell a known cost and how many calls have none", () => {
    expect(point("sheaf.cost")).toMatchObject([{ asDouble: 1 }]);
    expect(point("sheaf.calls.unpriced")).toMatchObject([{ asInt: "1" }]);
    expect(metricsOf(story).map(({ name }) => name)).not.toContain("gen_ai.client.operation.duration");
  });

  it("count the attempts that were unmetered", () => {
    expect(metricsOf(story).map(({ name }) => name)).not.toContain("sheaf.attempts.unmetered");
    const run = factsOf(tell.startedUnmetered("a"), tell.started("b"), tell.unmetered("b"));
    const [unmetered, ...others] = point("sheaf.attempts.unmetered", run);
    expect([unmetered!.asInt, others]).toEqual(["2", []]);
    expect(values(unmetered!.attributes as never)).toEqual({
      ...{ "gen_ai.agent.name": "coder", "sheaf.route": "work", "sheaf.cost.class": "useful" },
    });
  });

  it("run from the first event to the last", () => {
    const [workflow] = point("gen_ai.workflow.duration");
    expect(workflow).toMatchObject({ startTimeUnixNano: at(0), timeUnixNano: at(13), sum: 0.13 });
  });
});

describe("any events", () => {
  it("give messages that a decoder takes whole, and the cost of the bill", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const run = runFacts(events)!;
        const spans = otlpTraces(run).map((message) => JSON.parse(message));
        const metrics = JSON.parse(otlpMetrics(run));
        expect(spans.flatMap(tracesProblems)).toEqual([]);
        expect(metricsProblems(metrics)).toEqual([]);
        const bill = summarizeCost(events);
        const costs = (metricsOf(run).find(({ name }) => name === "sheaf.cost")?.sum?.dataPoints ?? []).map(
          ({ asDouble }) => asDouble!,
        );
        expect(costs.reduce((sum, usd) => sum + usd, 0)).toBeCloseTo(bill.totalUsd ?? 0, 9);
        const unmetered = metricsOf(run).find(({ name }) => name === "sheaf.attempts.unmetered");
        const counts = (unmetered?.sum?.dataPoints ?? []).map(({ asInt }) => Number(asInt));
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(bill.unmetered);
        expect(run.calls).toHaveLength(bill.calls);
        for (const [name, line] of Object.entries(bill.byClass)) {
          expect(run.calls.filter(({ costClass }) => costClass === name)).toHaveLength(line.calls);
        }
        for (const span of spansOf(run)) {
          expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
        }
      }),
      cases({ ci: 30, deep: 5000 }),
    );
  });
});
