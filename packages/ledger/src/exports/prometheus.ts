// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)
import type { AttemptResources } from "@sheaf/core";
import { knownFigure } from "../cost-line.ts";
import { picoToUsd } from "../money.ts";
import { callGroups } from "./call-groups.ts";
import type { AttemptFacts, RunFacts } from "./run-facts.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samplesOf: (run: RunFacts) => readonly Sample[];
}

/**
 * Returns the figures of runs in the text format of Prometheus, told apart by the label `run`. What is not known has
 * no sample: a cost is the known part, beside `sheaf_unpriced_calls_total` and `sheaf_unmetered_attempts_total`.
 */
export function prometheusText(runs: readonly RunFacts[]): string {
  return METRICS.map(({ name, type, help, samplesOf }) => {
    const lines = runs.flatMap((run) =>
      samplesOf(run).map(
        ([labels, value]) => `${name}${labelText({ run: run.runId, ...labels })} ${value}\n`,
      ),
    );
    return lines.length === 0 ? "" : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
  }).join("");
}

function labelText(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",")}}`;
}

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const METRICS: readonly Metric[] = [
  {
    ...{ name: "sheaf_run_start_timestamp_seconds", type: "gauge", help: "When the run began." },
    samplesOf: ({ startedAt }) => [[{}, startedAt / 1000]],
  },
  {
    ...{
      name: "sheaf_run_duration_seconds",
      type: "gauge",
      help: "From the first event of the run to the last.",
    },
    samplesOf: ({ startedAt, endedAt }) => [[{}, (endedAt - startedAt) / 1000]],
  },
  {
    ...{ name: "sheaf_run_status", type: "gauge", help: "1 for how the run ended." },
    samplesOf: ({ finished }) => [[{ status: finished?.status ?? "unfinished" }, 1]],
  },
  {
    ...{ name: "sheaf_tasks", type: "gauge", help: "Tasks by how they ended." },
    samplesOf: ({ tasks }) => counted([...tasks.values()].map((ending) => ({ ending }))),
  },
  {
    ...{ name: "sheaf_attempts_total", type: "counter", help: "Attempts that were started." },
    samplesOf: ({ attempts }) => counted(attempts.map(attemptLabels)),
  },
  attemptSeconds("run", "From start to end of attempts.", ({ startedAt, endedAt }) => endedAt - startedAt),
  attemptSeconds("queue", "From ready to start of attempts.", ({ finished }) =>
    knownFigure(finished?.resources.queueMs),
  ),
  attemptSeconds("cpu", "Known processor time of attempts.", ({ finished }) =>
    knownFigure(finished?.resources.cpuMs),
  ),
  largest("memory", "Largest known memory of an attempt.", (resources) => resources.peakMemoryMiB),
  largest("gpu_memory", "Largest known memory of GPUs of an attempt.", (resources) => resources.vramPeakMiB),
  {
    ...{ name: "sheaf_model_loads_total", type: "counter", help: "Models that attempts loaded." },
    samplesOf: ({ attempts }) =>
      summed(
        attempts.map((each) => [attemptLabels(each), knownFigure(each.finished?.resources.modelLoads) ?? 0]),
      ),
  },
  perCall("sheaf_cost_usd_total", "Known cost of model calls.", ({ pico, calls, unpricedCalls }) =>
    unpricedCalls < calls ? picoToUsd(pico) : null,
  ),
  perCall("sheaf_model_calls_total", "Model calls.", ({ calls }) => calls),
  perCall("sheaf_unpriced_calls_total", "Model calls of unknown cost.", ({ unpricedCalls }) => unpricedCalls),
  {
    ...{ name: "sheaf_open_calls", type: "gauge", help: "Model calls of which nobody has told the end." },
    samplesOf: ({ openCalls }) => [[{}, openCalls]],
  },
  {
    ...{ name: "sheaf_unmetered_attempts_total", type: "counter", help: "Attempts of uncounted calls." },
    samplesOf: ({ unmetered }) =>
      unmetered.map(({ agent, route, costClass, count }) => [{ agent, route, class: costClass }, count]),
  },
  perCall(
    "sheaf_input_tokens_total",
    "Input tokens, cached ones included.",
    ({ inputTokens }) => inputTokens,
  ),
  perCall(
    "sheaf_cached_input_tokens_total",
    "Input tokens read from a cache.",
    ({ cachedInputTokens }) => cachedInputTokens,
  ),
  perCall(
    "sheaf_cache_write_tokens_total",
    "Input tokens written to a cache.",
    ({ cacheWriteTokens }) => cacheWriteTokens,
  ),
  perCall(
    "sheaf_output_tokens_total",
    "Output tokens, reasoning included.",
    ({ outputTokens }) => outputTokens,
  ),
  perCall(
    "sheaf_reasoning_tokens_total",
    "Output tokens of reasoning.",
    ({ reasoningTokens }) => reasoningTokens,
  ),
];

function perCall(
  name: string,
  help: string,
  figure: (sum: ReturnType<typeof callGroups>[number]["sum"]) => number | null,
): Metric {
  const samplesOf = ({ calls }: RunFacts): readonly Sample[] =>
    callGroups(calls, ({ provider, model, agent, route, costClass }) => ({
      ...{ provider: provider ?? "unknown", model, agent, route, class: costClass },
    })).flatMap(({ headings, sum }): readonly Sample[] => {
      const value = figure(sum);
      return value === null ? [] : [[headings, value]];
    });
  return { name, type: "counter", help, samplesOf };
}

function attemptLabels({ started, finished }: AttemptFacts): Labels {
  const { agent, route, executor, cause } = started;
  return { agent, route, executor, cause, status: finished?.status ?? "unfinished" };
}

function attemptSeconds(what: string, help: string, ms: (attempt: AttemptFacts) => number | null): Metric {
  const samplesOf = ({ attempts }: RunFacts): readonly Sample[] => {
    const known = attempts.flatMap((attempt) => {
      const value = ms(attempt);
      return value === null ? [] : [[attemptLabels(attempt), value] as const];
    });
    return summed(known).map(([labels, sum]) => [labels, sum / 1000]);
  };
  return { name: `sheaf_attempt_${what}_seconds_total`, type: "counter", help, samplesOf };
}

function largest(what: string, help: string, mib: (resources: AttemptResources) => number | null): Metric {
  const samplesOf = ({ attempts }: RunFacts): readonly Sample[] => {
    const known = attempts.flatMap((attempt) => {
      const { finished } = attempt;
      const value = finished === null ? null : knownFigure(mib(finished.resources));
      return value === null ? [] : [[attemptLabels(attempt), value * 1024 * 1024] as const];
    });
    return joined(known, Math.max);
  };
  return { name: `sheaf_attempt_peak_${what}_bytes`, type: "gauge", help, samplesOf };
}

const counted = (labels: readonly Labels[]): readonly Sample[] => summed(labels.map((each) => [each, 1]));

const summed = (samples: readonly Sample[]): readonly Sample[] => joined(samples, (a, b) => a + b);

function joined(samples: readonly Sample[], join: (a: number, b: number) => number): readonly Sample[] {
  const all = new Map<string, Sample>();
  for (const [labels, value] of samples) {
    const key = JSON.stringify(labels);
    const before = all.get(key);
    all.set(key, [labels, before === undefined ? value : join(before[1], value)]);
  }
  return [...all.values()];
}
