// How a run is told in the words of OpenTelemetry: the only file that knows its names.
//
// The names of generative AI are those of semantic conventions 1.41.1, the last ones with them in the main
// repository; of those that are not in there, the operation `plan` and the two durations of workflows and agents are
// merged in their new home (semantic-conventions-genai), `gen_ai.usage.cost.*` is proposed there (#443). They stand
// on the span of the call alone, so that nothing counts twice. What has no name there begins with `sheaf.`.

import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { CallState } from "@sheaf/core";
import { knownFigure } from "../cost-line.ts";
import { picoToUsd } from "../money.ts";
import { type AttemptFinder, attemptFinder, type Dependency, dependenciesOf } from "./attempt-links.ts";
import { callGroups } from "./call-groups.ts";
import {
  type Attributes,
  double,
  type Figure,
  int,
  type MeasuredSpan,
  type OtlpLink,
  type OtlpMetric,
  type OtlpSpan,
  otlpAttributes,
  otlpHistogram,
  otlpSum,
  otlpText,
  SPAN_KIND,
  STATUS_ERROR,
  unixNano,
} from "./otlp-json.ts";
import type { AttemptFacts, CallFacts, Lasting, RunFacts, UnmeteredAttempts } from "./run-facts.ts";

export const SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.1";

const workflowOf = ({ started }: RunFacts): string => basename(started?.dir ?? "") || "sheaf";

/** Attributes of all that a run sends: its metrics are told apart from those of other runs by them. */
export function resourceAttributes(run: RunFacts): Attributes {
  return {
    "service.name": "sheaf",
    "service.version": run.started?.version ?? null,
    "service.instance.id": run.runId,
  };
}

/** Makes ids of which one run always has the same: a run that is exported twice is there once. */
function idsOf({ runId, startedAt }: RunFacts) {
  const hash = (what: string): string =>
    createHash("sha256")
      .update(JSON.stringify([runId, startedAt, what]))
      .digest("hex");
  const traceId = hash("trace").slice(0, 32);
  const spanId = (seq: number | "run"): string => hash(`span ${seq}`).slice(0, 16);
  return { traceId, spanId };
}

/** Returns the spans of a run: the run, its analyses, the attempts of its tasks, and their model calls. */
export function runSpans(run: RunFacts, dependencies: readonly Dependency[] = []): readonly OtlpSpan[] {
  const { traceId, spanId } = idsOf(run);
  const span = (seq: number | "run", parent: number | "run" | null, shape: Shape): OtlpSpan => ({
    traceId,
    spanId: spanId(seq),
    ...(parent === null ? {} : { parentSpanId: spanId(parent) }),
    name: otlpText(shape.name),
    kind: SPAN_KIND[shape.kind ?? "internal"],
    startTimeUnixNano: unixNano(shape.startedAt),
    endTimeUnixNano: unixNano(shape.endedAt),
    attributes: otlpAttributes(shape.attributes),
    ...(shape.links === undefined || shape.links.length === 0 ? {} : { links: shape.links }),
    ...(shape.error === undefined
      ? {}
      : { status: { code: STATUS_ERROR, message: otlpText(shape.error) } as const }),
  });
  const finder = attemptFinder(run.attempts);
  const linkTo = ({ seq }: AttemptFacts, why: string): OtlpLink => {
    return { traceId, spanId: spanId(seq), attributes: otlpAttributes({ "sheaf.link.why": why }) };
  };
  const before = dependenciesOf(run, dependencies);
  const linksOf = (attempt: AttemptFacts): readonly OtlpLink[] =>
    [...(before.get(attempt.started.taskId) ?? [])].flatMap(([from, why]) => {
      const earlier = finder.lastBefore(from, attempt.startedAt);
      return earlier === undefined ? [] : [linkTo(earlier, why)];
    });
  return [
    span("run", null, runShape(run)),
    ...run.analyses.map((analysis) => span(analysis.seq, "run", planShape(analysis))),
    ...run.attempts.map((each) => span(each.seq, "run", { ...attemptShape(each), links: linksOf(each) })),
    ...run.calls.map((call) => span(call.seq, parentOf(call, run, finder), callShape(call))),
  ];
}

interface Shape {
  readonly name: string;
  readonly kind?: "client";
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  readonly error?: string;
  readonly links?: readonly OtlpLink[];
}

function runShape(run: RunFacts): Shape {
  const { runId, startedAt, endedAt, started, finished } = run;
  const workflow = workflowOf(run);
  const status = finished?.status ?? null;
  return {
    name: `invoke_workflow ${workflow}`,
    ...{ startedAt, endedAt },
    attributes: {
      "gen_ai.operation.name": "invoke_workflow",
      "gen_ai.workflow.name": workflow,
      "sheaf.run.id": runId,
      "sheaf.run.status": status,
      "sheaf.run.mode": started?.mode ?? null,
      "sheaf.run.guarantee": finished?.guarantee ?? null,
      "sheaf.run.tasks": int(started?.tasks),
      "sheaf.run.max_workers": int(started?.limits.maxWorkers),
    },
    ...(status === "failed" || status === "partial" ? { error: `The run ended as ${status}.` } : {}),
  };
}

function planShape({ startedAt, endedAt }: Lasting): Shape {
  return { name: "plan", startedAt, endedAt, attributes: { "gen_ai.operation.name": "plan" } };
}

function attemptShape({ started, finished, startedAt, endedAt, unmetered }: AttemptFacts): Shape {
  const { agent, taskId, attempt, cause, executor, route } = started;
  const failure = finished?.failure ?? null;
  const resources = finished?.resources;
  return {
    name: `invoke_agent ${agent}`,
    ...{ startedAt, endedAt },
    attributes: {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": agent,
      "error.type": failure?.kind ?? null,
      "sheaf.task.id": taskId,
      "sheaf.attempt.number": int(attempt),
      "sheaf.attempt.cause": cause,
      "sheaf.attempt.status": finished?.status ?? "cut off",
      "sheaf.attempt.executor": executor,
      "sheaf.attempt.unmetered": unmetered ? true : null,
      "sheaf.route": route,
      "sheaf.attempt.queue_ms": double(knownFigure(resources?.queueMs)),
      "sheaf.attempt.cpu_ms": double(knownFigure(resources?.cpuMs)),
      "sheaf.attempt.peak_memory_mib": double(knownFigure(resources?.peakMemoryMiB)),
      "sheaf.attempt.vram_peak_mib": double(knownFigure(resources?.vramPeakMiB)),
      "sheaf.attempt.model_loads": int(knownFigure(resources?.modelLoads)),
    },
    ...(failure === null ? {} : { error: failure.error.message }),
  };
}

function callShape(call: CallFacts): Shape {
  const { usage, askedModel, state, endedAt, durationMs } = call;
  const startedAt = endedAt - (durationMs ?? 0);
  const costUsd = knownFigure(usage?.costUsd);
  const error = errorOf(call);
  return {
    name: askedModel === null ? call.operation : `${call.operation} ${askedModel}`,
    kind: "client",
    ...{ startedAt, endedAt },
    attributes: {
      ...callHeadings(call),
      "error.type": error,
      "http.response.status_code": int(call.httpStatus),
      "gen_ai.usage.input_tokens": int(usage?.inputTokens),
      "gen_ai.usage.cache_read.input_tokens": int(usage?.cachedInputTokens),
      "gen_ai.usage.cache_creation.input_tokens": int(usage?.cacheWriteTokens),
      "gen_ai.usage.output_tokens": int(usage?.outputTokens),
      "gen_ai.usage.reasoning.output_tokens": int(usage?.reasoningTokens),
      "gen_ai.usage.cost.amount": double(costUsd),
      "gen_ai.usage.cost.currency": costUsd === null ? null : "USD",
      "gen_ai.usage.cost.source": costUsd === null ? null : (usage?.costSource ?? null),
      "sheaf.price.source": usage?.price?.source ?? null,
      "sheaf.price.version": usage?.price?.version ?? null,
      "sheaf.price.tier": usage?.price?.tier ?? null,
      "sheaf.call.state": state,
      "sheaf.call.estimated": call.estimated ? true : null,
      "sheaf.call.duration_known": durationMs !== null,
      "sheaf.call.first_byte_ms": double(call.firstByteMs),
      "sheaf.cost.class": call.costClass,
    },
    ...(error === null ? {} : { error: `The call ended as ${state}.` }),
  };
}

const FAILED: ReadonlySet<CallState | null> = new Set(["http-error", "unreachable", "crashed"] as const);

const errorOf = ({ state, httpStatus }: CallFacts): string | null =>
  FAILED.has(state) ? String(httpStatus ?? state) : null;

function callHeadings({ operation, provider, askedModel, answeredModel }: CallFacts): Attributes {
  return {
    "gen_ai.operation.name": operation,
    "gen_ai.provider.name": provider,
    "gen_ai.request.model": askedModel,
    "gen_ai.response.model": answeredModel,
  };
}

function parentOf({ madeBy, endedAt }: CallFacts, run: RunFacts, finder: AttemptFinder): number | "run" {
  if (madeBy !== null) return finder.numbered(madeBy.taskId, madeBy.attempt)?.seq ?? "run";
  return run.analyses.findLast(({ startedAt }) => startedAt <= endedAt)?.seq ?? "run";
}

const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

/** Returns what a run measured, summed up from its beginning to its last event. Metrics without a value are left out. */
export function runMetrics(run: RunFacts): readonly OtlpMetric[] {
  const of: MeasuredSpan = {
    startTimeUnixNano: unixNano(run.startedAt),
    timeUnixNano: unixNano(run.endedAt),
  };
  const seconds = (name: string, description: string, figures: readonly Figure[]): OtlpMetric =>
    otlpHistogram({ name, description, unit: "s", bounds: SECONDS }, of, figures);
  const whole = [{ attributes: { "gen_ai.workflow.name": workflowOf(run) }, value: lastedS(run) }];
  const attempts = run.attempts.map((attempt) => {
    const { agent } = attempt.started;
    const type = attempt.finished?.failure?.kind ?? null;
    return { attributes: { "gen_ai.agent.name": agent, "error.type": type }, value: lastedS(attempt) };
  });
  const calls = run.calls.flatMap((call) => {
    const attributes = { ...callHeadings(call), "error.type": errorOf(call) };
    return call.durationMs === null ? [] : [{ attributes, value: call.durationMs / 1000 }];
  });
  const tokens = { name: "gen_ai.client.token.usage", unit: "{token}", bounds: TOKENS };
  const cost = { name: "sheaf.cost", description: "Known cost of model calls", unit: "{USD}" };
  const unpriced = { name: "sheaf.calls.unpriced", description: "Calls of unknown cost", unit: "{call}" };
  const uncounted = { name: "sheaf.attempts.unmetered", description: "Attempts of uncounted calls" };
  const groups = costFigures(run);
  return [
    seconds("gen_ai.workflow.duration", "Duration of the run", whole),
    seconds("gen_ai.invoke_agent.duration", "Duration of an attempt of a task", attempts),
    seconds("gen_ai.client.operation.duration", "Duration of a model call", calls),
    otlpHistogram({ ...tokens, description: "Tokens of a model call" }, of, tokenFigures(run.calls)),
    otlpSum(cost, of, groups.known),
    otlpSum(unpriced, of, groups.unpriced),
    otlpSum({ ...uncounted, unit: "{attempt}" }, of, run.unmetered.map(unmeteredFigure)),
  ].filter(({ sum, histogram }) => (sum ?? histogram)!.dataPoints.length > 0);
}

const lastedS = ({ startedAt, endedAt }: Pick<Lasting, "startedAt" | "endedAt">): number =>
  (endedAt - startedAt) / 1000;

function tokenFigures(calls: readonly CallFacts[]): readonly Figure[] {
  return calls.flatMap((call) =>
    (["input", "output"] as const).flatMap((type) => {
      const value = knownFigure(call.usage?.[`${type}Tokens`]);
      const attributes = { ...callHeadings(call), "gen_ai.token.type": type };
      return value === null ? [] : [{ attributes, value }];
    }),
  );
}

function unmeteredFigure({ agent, route, costClass, count }: UnmeteredAttempts): Figure {
  const attributes = {
    "gen_ai.agent.name": agent,
    "sheaf.route": route,
    "sheaf.cost.class": costClass,
  };
  return { attributes, value: count };
}

function costFigures({ calls }: RunFacts): {
  readonly known: readonly Figure[];
  readonly unpriced: readonly Figure[];
} {
  const groups = callGroups(calls, (call) => ({
    "gen_ai.provider.name": call.provider ?? "unknown",
    "gen_ai.request.model": call.askedModel ?? "unknown",
    "gen_ai.response.model": call.answeredModel ?? "unknown",
    "gen_ai.agent.name": call.agent,
    "sheaf.route": call.route,
    "sheaf.cost.class": call.costClass,
  })).map(({ headings, sum }) => ({ attributes: headings, sum }));
  return {
    known: groups
      .filter(({ sum }) => sum.unpricedCalls < sum.calls)
      .map(({ attributes, sum }) => ({ attributes, value: picoToUsd(sum.pico) })),
    unpriced: groups
      .filter(({ sum }) => sum.unpricedCalls > 0)
      .map(({ attributes, sum }) => ({ attributes, value: sum.unpricedCalls })),
  };
}
