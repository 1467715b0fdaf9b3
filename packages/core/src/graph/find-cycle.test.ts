import { expect, test } from "vitest";
import { fromDot } from "./dot.ts";
import { assertAcyclic, findCycle } from "./find-cycle.ts";

test("a cycle is told from the task of it that is earliest in the list, in the order of its edges", () => {
  const graph = fromDot("digraph { a; b; c; d; e; a -> d; d -> c; c -> b; b -> d; b -> e; }");
  expect(findCycle(graph)).toEqual(["b", "d", "c"]);
});

test("tasks that only wait for a cycle are not part of it", () => {
  expect(findCycle(fromDot("digraph { late; x; y; x -> y -> x; y -> late; }"))).toEqual(["x", "y"]);
});

test("a graph without a cycle passes", () => {
  const graph = fromDot("digraph { a -> b -> d; a -> c -> d; }");
  expect(findCycle(graph)).toBeUndefined();
  expect(() => assertAcyclic(graph)).not.toThrow();
});

test("the error names the whole cycle", () => {
  expect(() => assertAcyclic(fromDot("digraph { a -> b -> c -> a; }"))).toThrow(
    "Tasks wait for each other: a -> b -> c -> a. Remove one of these edges.",
  );
});
