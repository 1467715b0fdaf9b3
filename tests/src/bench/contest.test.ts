import { describe, expect, test } from "vitest";
import { type Contestant, holdContest, judge, shuffled } from "../../../bench/src/measure/contest.ts";
import type { Cost } from "../../../bench/src/measure/cost.ts";
import { spreadOf } from "../../../bench/src/measure/spread.ts";
import { slopeBetween, slopeOf } from "../../../bench/src/overhead/slope.ts";
import { randomNumbers } from "../../../bench/src/random-numbers.ts";

const cost = (wallMs: number, cpuMs = wallMs): Cost => ({ wallMs, cpuMs });

function scripted(name: string, walls: readonly number[], started: string[]): Contestant {
  let run = 0;
  return {
    name,
    run: async () => {
      started.push(name);
      return { [name]: cost(walls[run++]!) };
    },
  };
}

const silent = (): void => {};

describe("a contest", () => {
  test("everybody runs once in every round, in an order that the seed decides", async () => {
    const order = async (seed: number): Promise<string[]> => {
      const started: string[] = [];
      const contestants = ["a", "b", "c"].map((name) => scripted(name, Array(8).fill(1), started));
      await holdContest({ contestants, yardstick: "a", warmUps: 0 }, { rounds: 8, seed, note: silent });
      return started;
    };
    const started = await order(1);
    for (let round = 0; round < 8; round++)
      expect(started.slice(3 * round, 3 * round + 3).sort()).toEqual(["a", "b", "c"]);
    expect(await order(1)).toEqual(started);
    expect(await order(2)).not.toEqual(started);
    expect(new Set([0, 1, 2, 3, 4, 5, 6, 7].map((round) => started[3 * round])).size).toBe(3);
  });

  test("rounds of warming up are run and not counted", async () => {
    const started: string[] = [];
    const contestants = [scripted("a", [1_000, 10, 20, 30], started)];
    const contest = { contestants, yardstick: "a", warmUps: 1 };
    const { standings, drift } = await holdContest(contest, { rounds: 3, seed: 1, note: silent });
    expect(started.length).toBe(4);
    expect(standings).toMatchObject([{ name: "a", wallMs: { median: 20, least: 10, most: 30 } }]);
    expect(drift).toBe(3);
  });

  test("standings come in the order of the contestants, whoever ran first", async () => {
    for (let seed = 0; seed < 6; seed++) {
      const contestants = ["a", "b", "c"].map((name) => scripted(name, [1, 1], []));
      const options = { rounds: 1, seed, note: silent };
      const { standings } = await holdContest({ contestants, yardstick: "a" }, options);
      expect(standings.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    }
  });

  test("what a contestant throws ends it", async () => {
    const contestants = [{ name: "a", run: () => Promise.reject(new Error("different files")) }];
    const contest = holdContest({ contestants, yardstick: "a" }, { rounds: 1, seed: 1, note: silent });
    await expect(contest).rejects.toThrow("different files");
  });
});

describe("judging", () => {
  test("a ratio is taken within a round, so a slow round slows nobody's ratio", () => {
    const rounds = [
      new Map([["yardstick", cost(10, 5)], ["other", cost(20, 20)]]),
      new Map([["yardstick", cost(100, 50)], ["other", cost(200, 200)]]),
      new Map([["yardstick", cost(10, 5)], ["other", cost(30, 10)]]),
    ]; // biome-ignore format: a table
    const { standings, drift } = judge(rounds, "yardstick");
    expect(standings[1]).toMatchObject({
      wallMs: { median: 30 },
      wallRatio: { median: 2, least: 2, most: 3 },
      cpuRatio: { median: 4, least: 2, most: 4 },
    });
    expect(drift).toBe(10);
  });

  test("the median of an even number of figures lies between the middle two", () => {
    expect(spreadOf([4, 1, 2])).toEqual({ median: 2, least: 1, most: 4 });
    expect(spreadOf([4, 1, 2, 10])).toEqual({ median: 3, least: 1, most: 10 });
  });
});

test("shuffling keeps every item", () => {
  const items = Array.from({ length: 50 }, (_, i) => i);
  const order = shuffled(items, randomNumbers(3));
  expect(order).not.toEqual(items);
  expect([...order].sort((a, b) => a - b)).toEqual(items);
});

test("a slope tells the price of a task from the price of the start", async () => {
  const sizes = { few: 100, many: 1_100 };
  // 40 ms to start, 2 ms a task; the processor takes half of that.
  const costs = { few: cost(240, 120), many: cost(2_240, 1_120) };
  expect(slopeBetween(costs, sizes)).toEqual({ tasks: cost(2_000, 1_000), once: cost(40, 20) });
  const counts: number[] = [];
  await slopeOf(async (count) => counts.push(count), sizes);
  expect(counts).toEqual([100, 1_100]);
});
