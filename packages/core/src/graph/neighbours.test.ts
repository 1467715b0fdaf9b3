import { expect, test } from "vitest";
import { taskId } from "../ids.ts";
import { fromDot } from "./dot.ts";
import { dependenciesOf, dependentsOf } from "./neighbours.ts";

const graph = fromDot("digraph { d; c; b; a; a -> b -> c -> d; a -> d; }");

test("neighbours are one step away unless transitive ones are asked for, in list order", () => {
  expect(dependentsOf(graph, taskId("a"))).toEqual(["d", "b"]);
  expect(dependentsOf(graph, taskId("a"), { transitive: true })).toEqual(["d", "c", "b"]);
  expect(dependenciesOf(graph, taskId("d"))).toEqual(["c", "a"]);
  expect(dependenciesOf(graph, taskId("d"), { transitive: true })).toEqual(["c", "b", "a"]);
  expect(dependenciesOf(graph, taskId("a"), { transitive: true })).toEqual([]);
});

test("a task on a cycle waits for itself", () => {
  const ring = fromDot("digraph { a -> b -> a; }");
  expect(dependenciesOf(ring, taskId("a"), { transitive: true })).toEqual(["a", "b"]);
});

test("asking for a task that the graph has not is refused", () => {
  expect(() => dependentsOf(graph, taskId("constructor"))).toThrow(
    'Expected `id` to be the id of a task of the graph, got "constructor".',
  );
});
