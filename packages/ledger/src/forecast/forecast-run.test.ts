import { buildGraph, dispatchPriorities, type Graph, listSchedule } from "@sheaf/core";
import { arbitraryDag, cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ForecastRequest, type ForecastTask, forecastRun } from "./forecast-run.ts";
import { widenedSamples } from "./widened-samples.ts";
import type { WorkSample } from "./work-samples.ts";

const sample = (tokens: number | null, pico: bigint | null, ms: number): WorkSample => ({ tokens, pico, ms });
const anySample = fc
  .tuple(
    fc.option(fc.nat(1000), { freq: 5 }),
    fc.option(fc.bigInt(0n, 10n ** 13n), { freq: 5 }),
    fc.nat(10_000),
  )
  .map((args) => sample(...args));

const task = (id: string, samples: readonly WorkSample[], expectedMs: ForecastTask["expectedMs"] = null) => ({
  ...{ id, expectedMs },
  found: { from: samples.length === 0 ? ("none" as const) : ("task" as const), samples },
});

function asked(graph: Graph, tasks: readonly ForecastTask[], workers = 2, seed = 1): ForecastRequest {
  const priorities = dispatchPriorities(graph, new Float64Array(graph.size).fill(1), workers);
  return { graph, tasks, workers, seed, priorities, schedule: "ready" };
}

const alone = (tasks: readonly ForecastTask[], seed = 1): ForecastRequest =>
  asked(buildGraph(tasks.map(({ id }) => id) as never, []), tasks, 2, seed);

const anyRequest = fc
  .tuple(
    arbitraryDag({ listOrder: true, maxTasks: 6 }),
    fc.array(fc.array(anySample, { maxLength: 4 }), { minLength: 6, maxLength: 6 }),
    fc.integer({ min: 1, max: 4 }),
  )
  .map(([{ ids, edges }, samples, workers]) => {
    const tasks = ids.map((id, i) => task(id, samples[i % 6]!));
    return asked(buildGraph(ids, edges), tasks, workers);
  });

describe("the forecast of a task", () => {
  it("is the least value that half of its samples keep to, and that nine tenths of the widened ones do", () => {
    const ten = Array.from({ length: 10 }, (_, i) => sample(10 * i, BigInt(i), 100 * i));
    expect(forecastRun(alone([task("a", ten)])).tasks).toEqual([
      {
        ...{ id: "a", from: "task", samples: 10, msFrom: "samples" },
        // 45 + (80 - 45) x sqrt(11 / 9)
        tokens: { p50: 40, p90: 84 },
        pico: { p50: 4n, p90: 8n },
        ms: { p50: 400, p90: expect.closeTo(836.94, 2) },
      },
    ]);
  });

  it("is unknown where nothing is, but for a time that was measured or declared", () => {
    const { tasks, pico, makespanMs } = forecastRun(
      alone([task("a", []), task("b", [], { ms: 70, from: "declared" }), task("c", [sample(5, null, 20)])]),
    );
    expect(tasks[0]).toMatchObject({ from: "none", tokens: null, pico: null, ms: null, msFrom: "unknown" });
    expect(tasks[1]).toMatchObject({
      tokens: null,
      pico: null,
      ms: { p50: 70, p90: 70 },
      msFrom: "declared",
    });
    expect(tasks[2]).toMatchObject({ tokens: { p50: 5 }, pico: null, ms: { p50: 20 } });
    expect(pico).toEqual({ p50: 0n, p90: 0n, unknown: ["a", "b", "c"] });
    expect(makespanMs).toEqual({ p50: 70, p90: 70, unknown: ["a"] });
  });
});

describe("the forecast of a run", () => {
  it("names a task of which one sample is not known, and counts what the others tell", () => {
    const unpriced = Array.from({ length: 9 }, () => sample(1_000_000, null, 1));
    const uncounted = Array.from({ length: 9 }, () => sample(null, null, 1));
    const tasks = [
      task("a", [...unpriced, sample(1_000_000, 1n, 1)]),
      task("b", [...uncounted, sample(3, 10n, 1)]),
      task("c", [sample(7, 100n, 1)]),
      task("d", [sample(null, 1_000n, 1)]),
    ];
    const run = forecastRun(alone(tasks));
    expect(run.tasks.map(({ pico }) => pico?.p90)).toEqual([undefined, undefined, 100n, 1_000n]);
    expect(run.tasks.map(({ tokens }) => tokens?.p90)).toEqual([1_000_000, undefined, 7, undefined]);
    expect(run.pico).toEqual({ p50: 1_111n, p90: 1_111n, unknown: ["a", "b"] });
    expect(run.tokens).toEqual({ p50: 1_000_010, p90: 1_000_010, unknown: ["b", "d"] });
  });

  it("lies between what all least and all largest samples make, and its halves are in order", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const { pico, tokens, makespanMs, tasks } = forecastRun(request);
        const sum = (
          pick: (values: bigint[]) => bigint,
          widen = (samples: readonly WorkSample[]) => samples,
        ) =>
          request.tasks.reduce((all, { found }) => {
            const known = widen(found.samples).flatMap((each) => each.pico ?? []);
            return known.length === 0 ? all : all + pick(known.sort((a, b) => (a < b ? -1 : 1)));
          }, 0n);
        expect(pico.p50 <= pico.p90 && tokens.p50 <= tokens.p90 && makespanMs.p50 <= makespanMs.p90).toBe(
          true,
        );
        const largest = sum((values) => values.at(-1)!, widenedSamples);
        expect(pico.p50 >= sum((values) => values[0]!) && pico.p50 <= sum((values) => values.at(-1)!)).toBe(
          true,
        );
        expect(pico.p90 <= largest).toBe(true);
        expect(tasks.map(({ id }) => id)).toEqual(request.tasks.map(({ id }) => id));
        expect(forecastRun(request)).toEqual(forecastRun({ ...request }));
      }),
      cases({ ci: 10, deep: 1000 }),
    );
  });

  it("is exact where each task has one sample", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const tasks = request.tasks.map((each, i) => task(each.id, [sample(i, BigInt(i), 10 * i + 1)]));
        const { pico, tokens, makespanMs } = forecastRun({ ...request, tasks });
        const total = tasks.reduce((sum, _, i) => sum + i, 0);
        const { workers: processors, schedule, priorities } = request;
        const durations = Float64Array.from(tasks, (_, i) => 10 * i + 1);
        const exact = listSchedule(request.graph, durations, { processors, schedule, priorities }).makespanMs;
        expect(pico).toEqual({ p50: BigInt(total), p90: BigInt(total), unknown: [] });
        expect(tokens).toEqual({ p50: total, p90: total, unknown: [] });
        expect(makespanMs).toEqual({ p50: exact, p90: exact, unknown: [] });
      }),
      cases({ ci: 10, deep: 1000 }),
    );
  });

  it("is near the exact one of all combinations", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.bigInt(0n, 1000n), { minLength: 1, maxLength: 4 }), {
          minLength: 2,
          maxLength: 4,
        }),
        fc.integer({ min: 1, max: 2 ** 31 }),
        (costs, seed) => {
          const tasks = costs.map((each, i) =>
            task(
              `t${i}`,
              each.map((pico) => sample(1, pico, 1)),
            ),
          );
          const { pico } = forecastRun(alone(tasks, seed));
          const sumsOf = (ofTasks: readonly (readonly bigint[])[]): readonly bigint[] =>
            ofTasks.reduce<readonly bigint[]>(
              (sums, each) => sums.flatMap((before) => each.map((cost) => before + cost)),
              [0n],
            );
          const all = sumsOf(costs);
          const wide = sumsOf(
            tasks.map(({ found }) => widenedSamples(found.samples).map((each) => each.pico!)),
          );
          const share = (most: bigint) => all.filter((cost) => cost <= most).length / all.length;
          const belowIn = (sums: readonly bigint[], least: bigint) =>
            sums.filter((cost) => cost < least).length / sums.length;
          const below = (least: bigint) =>
            least === pico.p50 ? belowIn(all, least) : Math.min(belowIn(all, least), belowIn(wide, least));
          for (const [level, value] of [
            [0.5, pico.p50],
            [0.9, pico.p90],
          ] as const) {
            expect(share(value)).toBeGreaterThan(level - 0.09); // five standard deviations of 1,000 rounds
            expect(below(value)).toBeLessThan(level + 0.09);
          }
        },
      ),
      cases({ ci: 10, deep: 1000 }),
    );
  });

  it("waits for what the graph says, with so many workers", () => {
    const ids = ["a", "b", "c"] as never[];
    const edge = {
      from: "a",
      to: "b",
      kind: "order",
      source: "declared",
      probability: 1,
      evidence: "",
    } as never;
    const tasks = ids.map((id) => task(id, [sample(0, 0n, 10)]));
    const makespan = (edges: never[], workers: number) =>
      forecastRun(asked(buildGraph(ids, edges), tasks, workers)).makespanMs.p50;
    expect([makespan([], 3), makespan([edge], 3), makespan([], 1)]).toEqual([10, 20, 30]);
  });
});
