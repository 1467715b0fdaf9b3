import type { EventBody, EventOf, UsageRecord } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summarizeCost } from "../cost-summary.ts";
import { ag2Costs } from "./ag2-costs.ts";
import { callsCsv } from "./calls-csv.ts";
import { anyEvents, RESOURCES, stamp, tell } from "./events-rig.ts";
import { prometheusText } from "./prometheus.ts";
import { type RunFacts, runFacts } from "./run-facts.ts";

const factsOf = (...bodies: readonly EventBody[]): RunFacts => runFacts(stamp(bodies))!;
const usage = (costUsd?: number, model = "m"): UsageRecord => ({
  ...{ model, provider: "openai", inputTokens: 10, cachedInputTokens: 4, outputTokens: 5 },
  ...(costUsd === undefined ? {} : { costUsd }),
});

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text format as its specification says; whatever else stands there is a fault. */
function readPrometheus(text: string): {
  readonly samples: readonly Sample[];
  readonly types: ReadonlyMap<string, string>;
} {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  let helped = "";
  if (text !== "" && !text.endsWith("\n")) throw new Error("no line break at the end");
  for (const line of text.split("\n").slice(0, -1)) {
    const help = /^# HELP ([a-z_]+) [^\\]+$/.exec(line);
    const type = /^# TYPE ([a-z_]+) (counter|gauge)$/.exec(line);
    if (help !== null) helped = help[1]!;
    else if (type !== null) {
      if (types.has(type[1]!) || type[1] !== helped) throw new Error(`out of place: ${line}`);
      types.set(type[1]!, type[2]!);
    } else {
      const found = /^([a-z_]+)\{(.*)\} (\S+)$/.exec(line);
      if (found === null || found[1] !== [...types.keys()].at(-1)) throw new Error(`out of place: ${line}`);
      const pairs = [...found[2]!.matchAll(/([a-z_]+)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/g)];
      if (pairs.map(([all]) => all).join("") !== found[2]) throw new Error(`bad labels: ${line}`);
      const plain = (value: string) => value.replaceAll(/\\(.)/g, (_, sign) => (sign === "n" ? "\n" : sign));
      const labels = Object.fromEntries(pairs.map(([, key, value]) => [key!, plain(value!)]));
      samples.push({ name: found[1]!, labels, value: Number(found[3]) });
    }
  }
  return { samples, types };
}

/** Reads CSV by the grammar of RFC 4180. */
function readCsv(text: string): Record<string, string>[] {
  const rows: string[][] = [];
  for (let rest = text; rest !== ""; ) {
    const row: string[] = [];
    for (;;) {
      const cell = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/.exec(rest);
      if (cell === null) throw new Error(`no cell: ${rest.slice(0, 50)}`);
      row.push(cell[1]?.replaceAll('""', '"') ?? cell[2]!);
      rest = rest.slice(cell[0].length);
      if (cell[3] === "\r\n") break;
    }
    rows.push(row);
  }
  const [header, ...others] = rows;
  return others.map((row) => {
    expect(row).toHaveLength(header!.length);
    return Object.fromEntries(row.map((cell, i) => [header![i]!, cell]));
  });
}

const story = factsOf(
  tell.begun(),
  tell.started("a"),
  tell.used("a", 1, usage(0.000045)),
  tell.used("a", 1, usage()),
  tell.finished("a", 1, "no"),
  tell.started("a", 2),
  tell.used("a", 2, usage(2, 'm"\\\n,')),
  tell.finished("a", 2),
  tell.committed("a", 2),
  tell.analysisUsed(usage()),
  tell.ended(),
);

/** The agent of b asks past the gateway, for that of c none could be opened; that of d is counted. */
const uncounted = factsOf(
  tell.startedUnmetered("b", 1, "outside"),
  tell.used("b", 1, usage(1)),
  tell.finished("b"),
  tell.started("c", 1, "stranded"),
  tell.unmetered("c"),
  tell.finished("c", 1, "no"),
  tell.started("c", 2, "stranded"),
  tell.unmetered("c", 2),
  tell.finished("c", 2, "no"),
  tell.started("d"),
  tell.used("d", 1, usage(2)),
  tell.finished("d"),
);

describe("the text of Prometheus", () => {
  const { samples, types } = readPrometheus(prometheusText([story]));
  const of = (name: string) => samples.filter((sample) => sample.name === name);

  it("has the cost by provider, model, agent, route and class, and none where none is known", () => {
    const headings = { run: "r-1", provider: "openai", agent: "coder", route: "work" };
    expect(of("sheaf_cost_usd_total")).toEqual([
      expect.objectContaining({
        labels: { ...headings, model: "m", class: "failed-attempt" },
        value: 0.000045,
      }),
      expect.objectContaining({ labels: { ...headings, model: 'm"\\\n,', class: "useful" }, value: 2 }),
    ]);
    expect(of("sheaf_unpriced_calls_total").map(({ value }) => value)).toEqual([1, 0, 1]);
    expect(of("sheaf_input_tokens_total").map(({ value }) => value)).toEqual([20, 10, 10]);
    expect(of("sheaf_cached_input_tokens_total").map(({ value }) => value)).toEqual([8, 4, 4]);
    expect(types.get("sheaf_cost_usd_total")).toBe("counter");
  });

  it("has attempts, their time, tasks and the run", () => {
    const labels = (status: string) => ({
      ...{ run: "r-1", agent: "coder", route: "work", executor: "inline", cause: "first", status },
    });
    const each = (value: number) =>
      ["failed", "succeeded"].map((status) => ({ labels: labels(status), value }));
    expect(of("sheaf_attempts_total")).toMatchObject(each(1));
    expect(of("sheaf_attempt_run_seconds_total").map(({ value }) => value)).toEqual([0.03, 0.02]);
    expect(of("sheaf_attempt_cpu_seconds_total")).toMatchObject(each(0.05));
    expect(of("sheaf_attempt_queue_seconds_total")).toMatchObject(each(0.01));
    expect(of("sheaf_attempt_peak_memory_bytes")).toMatchObject(each(200 * 2 ** 20));
    expect(of("sheaf_attempt_peak_gpu_memory_bytes")).toEqual([]);
    expect(of("sheaf_model_loads_total")).toMatchObject(each(0));
    expect(of("sheaf_tasks")).toMatchObject([{ labels: { run: "r-1", ending: "committed" }, value: 1 }]);
    expect(of("sheaf_run_status")).toMatchObject([{ labels: { status: "succeeded" } }]);
    expect(of("sheaf_run_duration_seconds")).toMatchObject([{ value: 0.1 }]);
    expect(types.get("sheaf_tasks")).toBe("gauge");
  });

  it("has the largest of attempts alike, and the models that they loaded", () => {
    const took = (attempt: number, vramPeakMiB: number | null, modelLoads: number) => ({
      ...(tell.finished("a", attempt) as EventOf<"attempt.finished">),
      resources: { ...RESOURCES, vramPeakMiB, modelLoads },
    });
    const twice = [1, 2, 3].flatMap((attempt) => [
      tell.started("a", attempt),
      took(attempt, [3, 5, null][attempt - 1]!, attempt),
    ]);
    const { samples } = readPrometheus(prometheusText([factsOf(...twice)]));
    const values = (name: string) => samples.flatMap((each) => (each.name === name ? [each.value] : []));
    expect(values("sheaf_attempt_peak_gpu_memory_bytes")).toEqual([5 * 2 ** 20]);
    expect(values("sheaf_model_loads_total")).toEqual([6]);
  });

  it("counts unmetered attempts by agent, route and class", () => {
    expect(of("sheaf_unmetered_attempts_total")).toEqual([]);
    const { samples, types } = readPrometheus(prometheusText([uncounted]));
    expect(samples.filter(({ name }) => name === "sheaf_unmetered_attempts_total")).toMatchObject([
      { labels: { run: "r-1", agent: "outside", route: "work", class: "useful" }, value: 1 },
      { labels: { run: "r-1", agent: "stranded", route: "work", class: "failed-attempt" }, value: 2 },
    ]);
    expect(types.get("sheaf_unmetered_attempts_total")).toBe("counter");
  });

  it("has several runs below one heading", () => {
    const text = prometheusText([story, { ...story, runId: "r-2" as never }]);
    const runs = readPrometheus(text).samples.filter(({ name }) => name === "sheaf_run_status");
    expect(runs.map(({ labels }) => labels.run)).toEqual(["r-1", "r-2"]);
    expect(prometheusText([])).toBe("");
  });
});

describe("calls as CSV", () => {
  it("has a line for each, empty where nothing is known", () => {
    const rows = readCsv(callsCsv([story]));
    expect(rows.map(({ cost_usd }) => cost_usd)).toEqual(["0.000045", "", "2", ""]);
    expect(rows[0]).toMatchObject({
      ...{
        run: "r-1",
        seq: "2",
        ended_at: "2023-11-14T22:13:20.020Z",
        task: "a",
        attempt: "1",
        agent: "coder",
      },
      ...{ route: "work", class: "failed-attempt", provider: "openai", model: "m", input_tokens: "10" },
      ...{ cached_input_tokens: "4", output_tokens: "5", reasoning_tokens: "", state: "", duration_ms: "" },
    });
    expect(rows[2]!.model).toBe('m"\\\n,');
    expect(rows[3]).toMatchObject({ task: "", attempt: "", agent: "@analysis", class: "analysis" });
  });

  it("has its header without calls", () => {
    expect(callsCsv([])).toMatch(/^run,seq,ended_at,[a-z_,]+\r\n$/);
  });
});

describe("costs in the form of AG2", () => {
  it("has a row for each agent and model, and a total", () => {
    expect(ag2Costs([story])).toEqual([
      row("coder", "m", [null, 20, 10]),
      row("coder", 'm"\\\n,', [2, 10, 5]),
      row("@analysis", "m", [null, 10, 5]),
      row("Total", null, [null, 40, 20]),
    ]);
    expect(ag2Costs([])).toEqual([row("Total", null, [0, 0, 0])]);
  });

  it("calls no cost known of an agent with unmetered attempts, nor of all", () => {
    expect(ag2Costs([uncounted])).toEqual([
      row("outside", "m", [null, 10, 5]),
      row("coder", "m", [2, 10, 5]),
      row("stranded", "unknown", [null, 0, 0]),
      row("Total", null, [null, 20, 10]),
    ]);
  });
});

function row(
  agent: string,
  model: string | null,
  [cost, input, output]: readonly [number | null, number, number],
) {
  return {
    ...{ Agent: agent, "Cost ($)": cost, "Prompt Tokens": input, "Completion Tokens": output },
    ...{ "Total Tokens": input + output, Model: model },
  };
}

describe("any events", () => {
  it("give tables that can be read again and sum to the bill", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const run = runFacts(events)!;
        const bill = summarizeCost(events);
        const { samples } = readPrometheus(prometheusText([run]));
        const rows = readCsv(callsCsv([run]));
        const total = JSON.parse(JSON.stringify(ag2Costs([run]))).at(-1);
        const all = (name: string) =>
          samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
        const known = bill.totalUsd ?? 0;
        expect(all("sheaf_cost_usd_total")).toBeCloseTo(known, 9);
        expect(rows.reduce((sum, { cost_usd }) => sum + Number(cost_usd), 0)).toBeCloseTo(known, 9);
        expect(total["Cost ($)"]).toBe(bill.partial ? null : bill.totalUsd);
        expect(total["Total Tokens"]).toBe(bill.inputTokens + bill.outputTokens);
        expect(all("sheaf_input_tokens_total")).toBe(bill.inputTokens);
        expect(all("sheaf_model_calls_total")).toBe(bill.calls);
        expect(all("sheaf_unpriced_calls_total")).toBe(bill.unpricedCalls);
        expect(all("sheaf_unmetered_attempts_total")).toBe(bill.unmetered);
        expect(all("sheaf_open_calls")).toBe(bill.openCalls);
        expect(rows.map(({ model }) => model)).toEqual(run.calls.map(({ model }) => model));
      }),
      cases({ ci: 30, deep: 5000 }),
    );
  });
});
