// What a run will take, from what its tasks took before. Pure, and the same for the same seed.
import { type Graph, listSchedule, type Schedule } from "@sheaf/core";
import type { FoundSamples, WorkSample } from "./work-samples.ts";

/** Drawn runs, and how many task draws they may take together: lists of many tasks are drawn less often. */
const MOST_ROUNDS = 1000;
const FEWEST_ROUNDS = 100;
const MOST_DRAWS = 1_000_000;

/** Half of the cases take at most `p50`, nine of ten at most `p90`. */
export interface Spread<Value> {
  readonly p50: Value;
  readonly p90: Value;
}

export interface ForecastTask {
  readonly id: string;
  readonly found: FoundSamples;
  /** What is known of its time where there are no samples, in ms. */
  readonly expectedMs: { readonly ms: number; readonly from: "measured" | "declared" } | null;
}

export interface ForecastRequest {
  /** As in the graph, in serial order. */
  readonly tasks: readonly ForecastTask[];
  readonly graph: Graph;
  readonly workers: number;
  readonly schedule: Schedule;
  readonly priorities: Float64Array;
  /** An integer. */
  readonly seed: number;
}

/** Null is unknown, never 0. */
export interface TaskForecast {
  readonly id: string;
  readonly from: FoundSamples["from"];
  /** How many samples it rests on. */
  readonly samples: number;
  readonly tokens: Spread<number> | null;
  readonly pico: Spread<bigint> | null;
  readonly ms: Spread<number> | null;
  readonly msFrom: "samples" | "measured" | "declared" | "unknown";
}

/** What a figure of the run rests on. */
export interface RunFigure<Value> extends Spread<Value> {
  /** Tasks of which it is not known; they count 0, so that the figure is a least one. */
  readonly unknown: readonly string[];
}

export interface RunForecast {
  readonly tasks: readonly TaskForecast[];
  readonly tokens: RunFigure<number>;
  readonly pico: RunFigure<bigint>;
  readonly makespanMs: RunFigure<number>;
}

/**
 * Forecasts a run: each task by its samples, the run by drawing one sample for each task, independently, again and
 * again. The makespan is that of the graph with so many workers.
 */
export function forecastRun(request: ForecastRequest): RunForecast {
  const tasks = request.tasks.map(forecastTask);
  const { tokens, pico, makespanMs } = drawRuns(request);
  const unknown = (isUnknown: (task: TaskForecast) => boolean): readonly string[] =>
    tasks.filter(isUnknown).map(({ id }) => id);
  return {
    tasks,
    tokens: { ...spreadOf(tokens), unknown: unknown((task) => task.tokens === null) },
    pico: { ...spreadOf(pico), unknown: unknown((task) => task.pico === null) },
    makespanMs: { ...spreadOf(makespanMs), unknown: unknown((task) => task.ms === null) },
  };
}

function forecastTask({ id, found: { from, samples }, expectedMs }: ForecastTask): TaskForecast {
  const about = { id, from, samples: samples.length };
  if (samples.length === 0) {
    const ms = expectedMs === null ? null : { p50: expectedMs.ms, p90: expectedMs.ms };
    return { ...about, tokens: null, pico: null, ms, msFrom: expectedMs?.from ?? "unknown" };
  }
  const known = knownCosts(samples);
  return {
    ...about,
    tokens: spreadOf(samples.map(({ tokens }) => tokens)),
    pico: known.length === 0 ? null : spreadOf(known.map(({ pico }) => pico)),
    ms: spreadOf(samples.map(({ ms }) => ms)),
    msFrom: "samples",
  };
}

type Priced = WorkSample & { readonly pico: bigint };
const knownCosts = (samples: readonly WorkSample[]): readonly Priced[] =>
  samples.filter((sample): sample is Priced => sample.pico !== null);

interface DrawnRuns {
  readonly tokens: number[];
  readonly pico: bigint[];
  readonly makespanMs: number[];
}

function drawRuns({ tasks, graph, workers, schedule, priorities, seed }: ForecastRequest): DrawnRuns {
  const random = seededRandom(seed);
  const drawn: DrawnRuns = { tokens: [], pico: [], makespanMs: [] };
  const likely = Math.floor(MOST_DRAWS / Math.max(1, tasks.length));
  const rounds = Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, likely));
  const prepared = tasks.map(({ found: { samples }, expectedMs }) => {
    return { samples, priced: knownCosts(samples), ms: expectedMs?.ms ?? 0 };
  });
  for (let round = 0; round < rounds; round++) {
    let tokens = 0;
    let pico = 0n;
    const durationsMs = Float64Array.from(prepared, ({ samples, priced, ms }) => {
      if (samples.length === 0) return ms;
      const sample = samples[Math.floor(random() * samples.length)]!;
      tokens += sample.tokens;
      // Cost and time of one sample belong together, unless that one's cost is not known.
      pico += sample.pico ?? priced[Math.floor(random() * priced.length)]?.pico ?? 0n;
      return sample.ms;
    });
    drawn.tokens.push(tokens);
    drawn.pico.push(pico);
    const { makespanMs } = listSchedule(graph, durationsMs, { processors: workers, schedule, priorities });
    drawn.makespanMs.push(makespanMs);
  }
  return drawn;
}

/** Returns the least values that are not exceeded by half, and by nine tenths, of the values. */
function spreadOf<Value extends number | bigint>(values: readonly Value[]): Spread<Value> {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const at = (share: number): Value => sorted[Math.ceil(share * sorted.length) - 1]!;
  return { p50: at(0.5), p90: at(0.9) };
}

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
