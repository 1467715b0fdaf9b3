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

test("where going backwards and forwards leads to a longer run, the upward rank stands", () => {
  const graph = fromDot("digraph { a; b; c; d; e; a -> d -> e; c -> e; }");
  const durationsMs = Float64Array.of(3, 4, 2, 1, 1);
  expect(dispatchPriorities(graph, durationsMs, 2)).toEqual(upwardRank(graph, durationsMs));
});

test("a large graph goes by upward rank alone, so that planning stays quick", () => {
  const idle = Array.from({ length: 40_000 }, (_, i) => `t${i}` as TaskId);
  const graph = buildGraph([...uneven.ids, ...idle], uneven.edges);
  const durationsMs = new Float64Array(graph.size);
  durationsMs.set([1, 2, 2, 3, 2]);
  expect(dispatchPriorities(graph, durationsMs, 2)).toEqual(upwardRank(graph, durationsMs));
});

test("slots below one are refused", () => {
  expect(() => dispatchPriorities(uneven, new Float64Array(5), 0)).toThrow(
    "Expected `processors` to be an integer >= 1, got 0.",
  );
});
