// Agent runs that somebody has recorded, as runs of Sheaf: what the history then says of them is what the record says.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "@sheaf/core";
import { executeWithParallelism } from "@sheaf/engine";
import { type CostTable, openIndex, type RunIndex, usdToPico } from "@sheaf/ledger";
import { memoryDir } from "@sheaf/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// Public data that is read in place: it lies beside the checkout and is no part of it.
const data = join(import.meta.dirname, "../../../../shared/data/agent-runs/variant_runs.json");

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
    const runs = new Map<string, Trial[]>();
    for (const each of trials) {
      const run = `${each.variant} ${each.trial}`;
      runs.set(run, [...(runs.get(run) ?? []), each]);
    }
    for (const run of runs.values()) await replay(place.path, run);
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
});
