import { expect, test } from "vitest";
import { criticalPath } from "./critical-path.ts";
import { fromDot } from "./dot.ts";
import { upwardRank } from "./upward-rank.ts";

const graph = fromDot("digraph { fetch -> fit -> report; fetch -> plot -> report; }");

test("the critical path takes the longest way by durations, not by tasks", () => {
  expect(graph.ids).toEqual(["fetch", "fit", "report", "plot"]);
  expect(criticalPath(graph, Float64Array.of(1, 2, 1, 7))).toEqual({
    tasks: ["fetch", "plot", "report"],
    lengthMs: 9,
  });
});

test("of equally long ways the one through the task that is earlier in the list is told", () => {
  expect(criticalPath(graph, Float64Array.of(1, 5, 1, 5)).tasks).toEqual(["fetch", "fit", "report"]);
});

test("the upward rank counts the task itself and the longest way that follows", () => {
  expect([...upwardRank(graph, Float64Array.of(1, 2, 1, 7))]).toEqual([9, 3, 1, 8]);
});

test.each([
  [Float64Array.of(1, 2), "Expected `durationsMs` to be one duration for each of the 4 tasks, got 2."],
  [Float64Array.of(1, 2, Number.NaN, 1), 'Expected `durationsMs[2]` to be a finite number >= 0, got "NaN".'],
  [Float64Array.of(1, -1, 1, 1), 'Expected `durationsMs[1]` to be a finite number >= 0, got "-1".'],
])("durations that cannot be are refused: %j", (durationsMs, message) => {
  expect(() => criticalPath(graph, durationsMs)).toThrow(message);
});
