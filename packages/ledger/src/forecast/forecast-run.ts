// What a run will take, from what its tasks took before. Pure, and the same for the same seed.
import { type Graph, listSchedule, type Schedule } from "@sheaf/core";
import { widenedSamples } from "./widened-samples.ts";
import type { FoundSamples, WorkSample } from "./work-samples.ts";

/** Drawn runs, and how many task draws they may take together: lists of many tasks are drawn less often. */
const MOST_ROUNDS = 1000;
const FEWEST_ROUNDS = 100;
const MOST_DRAWS = 500_000;

/** Half of the cases take at most `p50`, nine of ten at most `p90`, which allows for how few samples there are. */
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

/** Null is unknown, never 0: one sample of which a figure is not known may be the one that costs most. */
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
  /** Tasks of which it is not known. They count what their other samples tell, if any do: the figure is a least one. */
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
 * again. The makespan is that of the graph with so many workers. A p90 is that of the samples themselves or of widened
 * ones (see `widenedSamples`), whichever is more.
 */
export function forecastRun(request: ForecastRequest): RunForecast {
  // Tasks that are known from their agent alone share its samples.
  const known = new Map<readonly WorkSample[], KnownWork | null>();
  const works = request.tasks.map(({ found: { samples } }) => {
    if (!known.has(samples)) known.set(samples, knownWork(samples));
    return known.get(samples) ?? null;
  });
  const tasks = request.tasks.map((task, i) => forecastTask(task, works[i]!));
  const { tokens, pico, makespanMs } = drawRuns(request, works);
  const unknown = (isUnknown: (task: TaskForecast) => boolean): readonly string[] =>
    tasks.filter(isUnknown).map(({ id }) => id);
  return {
    tasks,
    tokens: { ...tokens.spread(), unknown: unknown((task) => task.tokens === null) },
    pico: { ...pico.spread(), unknown: unknown((task) => task.pico === null) },
    makespanMs: { ...makespanMs.spread(), unknown: unknown((task) => task.ms === null) },
  };
}

/** Figures that a sample may lack. */
type Lacking = "tokens" | "pico";

interface KnownWork {
  readonly samples: readonly WorkSample[];
  /** Of each sample, how it is drawn for a p90. */
  readonly widened: readonly WorkSample[];
  /** Places of the samples that have a figure. */
  readonly having: Readonly<Record<Lacking, readonly number[]>>;
  readonly tokens: Spread<number> | null;
  readonly pico: Spread<bigint> | null;
  readonly ms: Spread<number>;
}

function knownWork(samples: readonly WorkSample[]): KnownWork | null {
  if (samples.length === 0) return null;
  const widened = widenedSamples(samples);
  const having = (name: Lacking) => [...samples.keys()].filter((i) => samples[i]![name] !== null);
  const spread = <Value extends number | bigint>(
    figure: (sample: WorkSample) => Value | null,
  ): Spread<Value> | null => {
    const values = samples.map(figure);
    return values.includes(null)
      ? null
      : spreadOf(values as readonly Value[], widened.map(figure) as readonly Value[]);
  };
  return {
    ...{ samples, widened, having: { tokens: having("tokens"), pico: having("pico") } },
    tokens: spread(({ tokens }) => tokens),
    pico: spread(({ pico }) => pico),
    ms: spread(({ ms }) => ms)!,
  };
}

function forecastTask(
  { id, found: { from, samples }, expectedMs }: ForecastTask,
  work: KnownWork | null,
): TaskForecast {
  const about = { id, from, samples: samples.length };
  if (work === null) {
    const ms = expectedMs === null ? null : { p50: expectedMs.ms, p90: expectedMs.ms };
    return { ...about, tokens: null, pico: null, ms, msFrom: expectedMs?.from ?? "unknown" };
  }
  const { tokens, pico, ms } = work;
  return { ...about, tokens, pico, ms, msFrom: "samples" };
}

/** Figures of drawn runs: by the samples, and by the widened ones. */
class Drawn<Value extends number | bigint> {
  readonly #plain: Value[] = [];
  readonly #widened: Value[] = [];

  add(plain: Value, widened: Value): void {
    this.#plain.push(plain);
    this.#widened.push(widened);
  }

  spread(): Spread<Value> {
    return spreadOf(this.#plain, this.#widened);
  }
}

function drawRuns(
  { tasks, graph, workers: processors, schedule, priorities, seed }: ForecastRequest,
  works: readonly (KnownWork | null)[],
) {
  const random = seededRandom(seed);
  const draw = (count: number): number => Math.floor(random() * count);
  const drawn = { tokens: new Drawn<number>(), pico: new Drawn<bigint>(), makespanMs: new Drawn<number>() };
  const likely = Math.floor(MOST_DRAWS / Math.max(1, tasks.length));
  const rounds = Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, likely));
  const makespan = (durationsMs: Float64Array): number =>
    listSchedule(graph, durationsMs, { processors, schedule, priorities }).makespanMs;
  for (let round = 0; round < rounds; round++) {
    const [plain, wide] = [emptyRun(tasks), emptyRun(tasks)];
    works.forEach((work, i) => {
      if (work === null) return;
      const { samples, widened, having } = work;
      const at = draw(samples.length);
      // Figures of one sample belong together, unless it lacks one.
      const placeOf = (name: Lacking): number =>
        samples[at]![name] === null ? (having[name][draw(having[name].length)] ?? at) : at;
      const places = { tokens: placeOf("tokens"), pico: placeOf("pico") };
      const drawnOf = (some: readonly WorkSample[]): WorkSample => ({
        tokens: some[places.tokens]!.tokens,
        pico: some[places.pico]!.pico,
        ms: some[at]!.ms,
      });
      addTo(plain, i, drawnOf(samples));
      addTo(wide, i, drawnOf(widened));
    });
    drawn.tokens.add(plain.tokens, wide.tokens);
    drawn.pico.add(plain.pico, wide.pico);
    drawn.makespanMs.add(makespan(plain.durationsMs), makespan(wide.durationsMs));
  }
  return drawn;
}

function emptyRun(tasks: readonly ForecastTask[]) {
  return {
    tokens: 0,
    pico: 0n,
    durationsMs: Float64Array.from(tasks, ({ expectedMs }) => expectedMs?.ms ?? 0),
  };
}

function addTo(run: ReturnType<typeof emptyRun>, task: number, { tokens, pico, ms }: WorkSample): void {
  run.tokens += tokens ?? 0;
  run.pico += pico ?? 0n;
  run.durationsMs[task] = ms;
}

/**
 * Returns the least value that half of the values keep to, and the one that nine tenths of them keep to, or of the
 * widened ones if that is more.
 */
function spreadOf<Value extends number | bigint>(
  values: readonly Value[],
  widened: readonly Value[],
): Spread<Value> {
  const p90s = [shareOf(values, 0.9), shareOf(widened, 0.9)];
  return { p50: shareOf(values, 0.5), p90: shareOf(p90s, 1) };
}

function shareOf<Value extends number | bigint>(values: readonly Value[], share: number): Value {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted[Math.ceil(share * sorted.length) - 1]!;
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
