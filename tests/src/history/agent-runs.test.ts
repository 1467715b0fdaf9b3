// Agent runs that somebody has recorded, as runs of Sheaf: what the history then says of them is what the record says.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildGraph, type Clock, dispatchPriorities, systemClock, type TaskId } from "@sheaf/core";
import { executeWithParallelism } from "@sheaf/engine";
import {
  type CostTable,
  forecastRun,
  journalSamples,
  openIndex,
  picoToUsd,
  type RunEvents,
  type RunForecast,
  type RunIndex,
  readJournal,
  usdToPico,
  type WorkSamples,
} from "@sheaf/ledger";
import { memoryDir } from "@sheaf/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomNumbers } from "../../../bench/src/random-numbers.ts";

// Public data that is read in place: it lies beside the checkout and is no part of it.
const data = join(import.meta.dirname, "../../../../shared/data/agent-runs/variant_runs.json");

/** Runs that are mixed of trials, in the deep run. */
const MIXES = 500;

/** One trial of an agent (a variant) at a task (a prompt). */
interface Trial {
  readonly variant: string;
  readonly prompt: number;
  readonly trial: number;
  readonly cost_usd: number;
  readonly tokens: number;
  readonly time_s: number;
  readonly success: 0 | 1;
}

const taskOf = ({ prompt }: Trial): string => `prompt-${prompt}`;

/** Returns what the runs were: what an agent did in a trial, by the run's id. */
const runsOf = (trials: readonly Trial[]): ReadonlyMap<string, readonly Trial[]> =>
  grouped(trials, ({ variant, trial }) => `${variant}-${trial}`);

function grouped(trials: readonly Trial[], nameOf: (trial: Trial) => string): Map<string, Trial[]> {
  const groups = new Map<string, Trial[]>();
  for (const each of trials) groups.set(nameOf(each), [...(groups.get(nameOf(each)) ?? []), each]);
  return groups;
}

/** Runs what one agent did in one trial: it tells what it used, takes its time, and fails where it had failed. */
async function replay(dir: string, trials: readonly Trial[]): Promise<void> {
  const { variant, trial } = trials[0]!;
  let now = Date.UTC(2026, 10, 1 + trial);
  const clock: Clock = { now: () => now, after: systemClock.after };
  const byTask = new Map(trials.map((each) => [taskOf(each), each]));
  const agent = async (task: { readonly id: string }, ctx: { recordUsage(usage: object): void }) => {
    const { tokens, cost_usd: costUsd, time_s: seconds, success } = byTask.get(task.id)!;
    ctx.recordUsage({
      model: variant,
      inputTokens: tokens,
      outputTokens: 0,
      costUsd,
      costSource: "provider",
    });
    now += seconds * 1_000;
    if (success === 0) throw new Error("not solved");
  };
  const tasks = trials.map((each) => ({ id: taskOf(each), agent: variant, reads: [], writes: [] }));
  // One at a time, as the tasks move the clock.
  const options = { env: {}, clock, maxWorkers: 1, useLlmDeps: false };
  const run = { dir, tasks, agents: { [variant]: agent as never } };
  await executeWithParallelism(run, undefined, { ...options, runId: `${variant}-${trial}` });
}

/** Returns what trials cost by name, in pico-dollars of the decimal numbers in the file. */
function billed(trials: readonly Trial[], nameOf: (trial: Trial) => string) {
  const sums = new Map<string, readonly [pico: bigint, tokens: number]>();
  for (const trial of trials) {
    const [pico, tokens] = sums.get(nameOf(trial)) ?? [0n, 0];
    sums.set(nameOf(trial), [pico + picoOf(trial), tokens + trial.tokens]);
  }
  return Object.fromEntries(sums);
}

/** Reads the decimal number by its digits: a binary fraction has no part in it. */
function picoOf({ cost_usd: costUsd }: Trial): bigint {
  const [whole, fraction = ""] = String(costUsd).split(".");
  const digits = fraction.padEnd(13, "0");
  return BigInt(whole + digits.slice(0, 12)) + (digits[12]! >= "5" ? 1n : 0n);
}

/** Forecasts a run of these trials, one task after another. */
function forecastOf(trials: readonly Trial[], samples: WorkSamples): RunForecast {
  const graph = buildGraph(trials.map(taskOf) as TaskId[], []);
  const tasks = trials.map((each) => ({
    ...{ id: taskOf(each), found: samples.of(taskOf(each), each.variant), expectedMs: null },
  }));
  const priorities = dispatchPriorities(graph, new Float64Array(graph.size).fill(1), 1);
  return forecastRun({ graph, tasks, workers: 1, seed: 1, priorities, schedule: "ready" });
}

/** Tells which of the figures of a run that came later its forecast covers. */
function isCovered(trials: readonly Trial[], { pico, tokens, makespanMs }: RunForecast) {
  const sum = (figure: (trial: Trial) => number): number =>
    trials.reduce((all, each) => all + figure(each), 0);
  return {
    cost: sum(({ cost_usd }) => cost_usd) <= picoToUsd(pico.p90),
    tokens: sum((each) => each.tokens) <= tokens.p90,
    time: sum(({ time_s }) => time_s * 1_000) <= makespanMs.p90,
  };
}

/** Makes samples of other trials of each task, as if each had been a run. */
function samplesOf(others: readonly (readonly Trial[])[]): WorkSamples {
  const byTask = new Map(others.map((trials) => [taskOf(trials[0]!), trials]));
  return {
    of: (task) => ({
      from: "task",
      samples: byTask.get(task)!.map((trial) => {
        return { tokens: trial.tokens, pico: picoOf(trial), ms: trial.time_s * 1_000 };
      }),
    }),
  };
}

type Covered = ReturnType<typeof isCovered>;

/** Shares of the runs whose figures are covered, in percent. */
function sharesOf(covered: readonly Covered[]): Readonly<Record<keyof Covered, number>> {
  const share = (figure: keyof Covered): number =>
    Math.round((1_000 * covered.filter((each) => each[figure]).length) / covered.length) / 10;
  return { cost: share("cost"), tokens: share("tokens"), time: share("time") };
}

const byNumber = (a: { readonly task: string }, b: { readonly task: string }): number =>
  Number(a.task.slice(7)) - Number(b.task.slice(7));

const told = ({ lines }: CostTable) =>
  Object.fromEntries(
    lines.map(({ name, usd, inputTokens }) => [name, [usdToPico(usd!), inputTokens] as const]),
  );

describe.skipIf(!existsSync(data))("recorded agent runs (left out where ../shared/data is absent)", () => {
  let trials: readonly Trial[];
  let index: RunIndex;
  const place = memoryDir();
  beforeAll(async () => {
    trials = JSON.parse(readFileSync(data, "utf8"));
    for (const run of runsOf(trials).values()) await replay(place.path, run);
    index = await openIndex({ stateDir: join(place.path, ".sheaf") });
    await index.update();
  });
  afterAll(async () => {
    await index?.close();
    place[Symbol.dispose]();
  });

  test("sum up to what the record says, by agent, by task and by both", async () => {
    expect(index.notes).toEqual([]);
    const asked = async (by: "agent" | "task" | "model") => told(await index.costs({ by, since: null }));
    expect(await asked("agent")).toEqual(billed(trials, ({ variant }) => variant));
    expect(await asked("model")).toEqual(billed(trials, ({ variant }) => variant));
    expect(await asked("task")).toEqual(billed(trials, taskOf));
    const { lines, total } = await index.outcomes({ since: null });
    const both = lines.map(
      ({ task, agent, usd, inputTokens }) => [`${task} ${agent}`, [usdToPico(usd!), inputTokens]] as const,
    );
    expect(Object.fromEntries(both)).toEqual(billed(trials, (each) => `${taskOf(each)} ${each.variant}`));
    const all = trials.reduce((sum, each) => sum + picoOf(each), 0n);
    expect([usdToPico(total.usd!), total.calls]).toEqual([all, trials.length]);
  });

  test("took the time that the record says", async () => {
    const runs = await index.runs({ since: null });
    const wallMs = runs.reduce((sum, run) => sum + run.wallMs!, 0);
    expect(wallMs).toBeCloseTo(
      trials.reduce((sum, { time_s }) => sum + time_s * 1_000, 0),
      0,
    );
  });

  test("name the cheapest agent that succeeds at each task", async () => {
    const { lines, cheapest } = await index.outcomes({ since: null });
    for (const { task, agent, attempts, successes } of lines) {
      const own = trials.filter((each) => taskOf(each) === task && each.variant === agent);
      expect([attempts, successes]).toEqual([own.length, own.filter(({ success }) => success === 1).length]);
    }
    const names = [...new Set(trials.map(taskOf))];
    const variants = [...new Set(trials.map(({ variant }) => variant))];
    const expected = names.map((task) => {
      const costs = variants.map((variant) => {
        const own = trials.filter((each) => taskOf(each) === task && each.variant === variant);
        const successes = own.filter(({ success }) => success === 1).length;
        return { variant, usd: own.reduce((sum, { cost_usd }) => sum + cost_usd, 0) / successes };
      });
      const least = costs.reduce((a, b) => (b.usd < a.usd ? b : a));
      return { task, agents: [least.variant], usdPerSuccess: expect.closeTo(least.usd, 11) };
    });
    expect(cheapest.toSorted(byNumber)).toEqual(expected.toSorted(byNumber));
    // By hand: gpt-4o succeeds in 5 of 5 for $0.1304317 in all; the other that succeeds takes $0.2321 each time.
    const eighth = cheapest.find(({ task }) => task === "prompt-8")!;
    expect([eighth.agents, eighth.usdPerSuccess]).toEqual([["engineergpt-4o"], 0.02608634]);
  });

  test("cost at most the p90 of a forecast by the other runs, in 17 of 20 and more", () => {
    const journals = [...runsOf(trials).keys()].map((name): RunEvents => {
      const { events } = readJournal(join(place.path, ".sheaf/runs", name, "journal.ndjson"));
      return { name, events };
    });
    const agents = [...new Set(trials.map(({ variant }) => variant))];
    const covered = [...runsOf(trials)].map(([name, held]) => {
      const others = journals.filter((journal) => journal.name !== name);
      return isCovered(held, forecastOf(held, journalSamples(others, { agents, most: 1_000 })));
    });
    const shares = sharesOf(covered);
    for (const each of Object.values(shares)) expect(each).toBeGreaterThanOrEqual(85);
  });

  // Of each task one trial is held back, whichever; the others are its samples.
  test.runIf(process.env.TEST_DEEP === "1").each([
    { size: 14, least: 85 },
    { size: 5, least: 85 },
    // Four samples of one task cannot promise more than 80 % but for what is added to them.
    { size: 1, least: 80 },
  ])("do so in $least % of all mixes of trials of $size tasks", ({ size, least }) => {
    const random = randomNumbers(1);
    const draw = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
    const covered = Array.from({ length: MIXES }, () => {
      const own = grouped(draw([...grouped(trials, ({ variant }) => variant).values()]), taskOf);
      const tasks = [...own.keys()].map((task) => [random(), task] as const).sort(([a], [b]) => a - b);
      const held = tasks.slice(0, size).map(([, task]) => draw(own.get(task)!));
      const others = held.map((each) => own.get(taskOf(each))!.filter((other) => other !== each));
      return isCovered(held, forecastOf(held, samplesOf(others)));
    });
    const shares = sharesOf(covered);
    // biome-ignore lint/suspicious/noConsole: the deep run tells what it measured.
    console.log(`p90 of ${size} tasks holds in % of ${MIXES}: ${JSON.stringify(shares)}`);
    for (const each of Object.values(shares)) expect(each).toBeGreaterThanOrEqual(least);
  });
});
