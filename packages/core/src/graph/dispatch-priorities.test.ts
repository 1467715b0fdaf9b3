import { expect, test } from "vitest";
import type { TaskId } from "../ids.ts";
import { dispatchPriorities } from "./dispatch-priorities.ts";
import { fromDot } from "./dot.ts";
import { buildGraph, type Graph } from "./graph.ts";
import { listSchedule } from "./list-schedule.ts";
import { upwardRank } from "./upward-rank.ts";

const makespan = (graph: Graph, durationsMs: Float64Array, priorities: Float64Array): number =>
  listSchedule(graph, durationsMs, { processors: 2, schedule: "ready", priorities }).makespanMs;

const uneven = fromDot("digraph { a; b; c; d; e; a -> c; b -> e; }");

test("where the longest remaining path leads to a detour, the improved order avoids it", () => {
  const durationsMs = Float64Array.of(1, 2, 2, 3, 2);
  expect(makespan(uneven, durationsMs, upwardRank(uneven, durationsMs))).toBe(6);
  expect(makespan(uneven, durationsMs, dispatchPriorities(uneven, durationsMs, 2))).toBe(5);
});

test("where the upward rank is as good as can be, it stands", () => {
  const durationsMs = Float64Array.of(1, 2, 2, 3, 2);
  expect(dispatchPriorities(uneven, durationsMs, 5)).toEqual(upwardRank(uneven, durationsMs));
});

test("a large graph goes by upward rank alone, so that planning stays quick", () => {
  const ids = Array.from({ length: 40_000 }, (_, i) => `t${i}` as TaskId);
  const graph = buildGraph(ids, []);
  const durationsMs = Float64Array.from(ids, (_, i) => 1 + (i % 7));
  expect(dispatchPriorities(graph, durationsMs, 3)).toEqual(durationsMs);
});

test("slots below one are refused", () => {
  expect(() => dispatchPriorities(uneven, new Float64Array(5), 0)).toThrow(
    "Expected `processors` to be an integer >= 1, got 0.",
  );
});
