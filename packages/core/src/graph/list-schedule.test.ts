import { expect, test } from "vitest";
import { fromDot } from "./dot.ts";
import type { Graph } from "./graph.ts";
import { type ListScheduleOptions, listSchedule, makespanBound } from "./list-schedule.ts";
import { upwardRank } from "./upward-rank.ts";

const run = (graph: Graph, durations: number[], options: Partial<ListScheduleOptions> = {}) => {
  const { makespanMs, startMs } = listSchedule(graph, Float64Array.from(durations), {
    processors: 2,
    schedule: "ready",
    priorities: new Float64Array(graph.size),
    ...options,
  });
  return { makespanMs, starts: Object.fromEntries(graph.ids.map((id, i) => [id, startMs[i]])) };
};

const twoChains = fromDot("digraph { a; b; c; d; a -> c; b -> d; }");

test("a task starts once all before it have ended; by levels, once the whole level has", () => {
  expect(run(twoChains, [1, 5, 1, 1])).toEqual({ makespanMs: 6, starts: { a: 0, b: 0, c: 1, d: 5 } });
  expect(run(twoChains, [1, 5, 1, 1], { schedule: "levels" })).toEqual({
    makespanMs: 6,
    starts: { a: 0, b: 0, c: 5, d: 5 },
  });
});

test("of the tasks that may start the one with the highest priority goes first, then the first of the list", () => {
  const loose = fromDot("digraph { a; b; c; }");
  const priorities = Float64Array.of(0, 0, 9);
  expect(run(loose, [1, 1, 1], { processors: 1, priorities }).starts).toEqual({ c: 0, a: 1, b: 2 });
});

test("all that ends at one moment is taken in before anything is started at that moment", () => {
  const graph = fromDot("digraph { a; b; low; d; e; b -> d; b -> e; }");
  const priorities = Float64Array.of(9, 9, 0, 5, 5);
  expect(run(graph, [1, 1, 1, 1, 1], { priorities }).starts).toEqual({ a: 0, b: 0, d: 1, e: 1, low: 2 });
});

test("a task without duration starts and ends at once, though every processor is busy", () => {
  const graph = fromDot("digraph { long; entry; after; entry -> after; }");
  expect(run(graph, [5, 0, 2], { processors: 1 }).starts).toEqual({ long: 0, entry: 0, after: 5 });
});

test("a level that holds nothing but tasks without duration takes no time", () => {
  const graph = fromDot("digraph { a -> b -> c; }");
  expect(run(graph, [2, 0, 3], { schedule: "levels" })).toEqual({
    makespanMs: 5,
    starts: { a: 0, b: 2, c: 2 },
  });
});

test("one more processor can make a schedule longer", () => {
  // Graham 1969: t1 to t9, t1 before t9, t4 before t5 to t8.
  const graph = fromDot(
    "digraph { t1; t2; t3; t4; t5; t6; t7; t8; t9; t1 -> t9; t4 -> t5; t4 -> t6; t4 -> t7; t4 -> t8; }",
  );
  const durations = [3, 2, 2, 2, 4, 4, 4, 4, 9];
  expect(run(graph, durations, { processors: 3 }).makespanMs).toBe(12);
  expect(run(graph, durations, { processors: 4 }).makespanMs).toBe(15);
});

test("the bound is the critical path or the work shared out, whichever is longer", () => {
  expect(makespanBound(twoChains, Float64Array.of(1, 5, 1, 1), 2)).toBe(6);
  expect(makespanBound(twoChains, Float64Array.of(4, 5, 4, 5), 1)).toBe(18);
});

test.each([
  [{ processors: 0 }, "Expected `processors` to be an integer >= 1, got 0."],
  [{ processors: 1.5 }, "Expected `processors` to be an integer >= 1, got 1.5."],
  [
    { priorities: new Float64Array(1) },
    "Expected `priorities` to be one number for each of the 4 tasks, got 1.",
  ],
])("options that cannot be are refused: %j", (options, message) => {
  expect(() => run(twoChains, [1, 1, 1, 1], options)).toThrow(message);
});

test("a cyclic graph is refused, whatever the schedule", () => {
  const ring = fromDot("digraph { a -> b -> a; }");
  expect(() => run(ring, [1, 1])).toThrow("a -> b -> a");
  expect(() => run(ring, [1, 1], { schedule: "levels" })).toThrow("a -> b -> a");
  expect(() => upwardRank(ring, Float64Array.of(1, 1))).toThrow("a -> b -> a");
});
