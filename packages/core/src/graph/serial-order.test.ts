import { expect, test } from "vitest";
import { fromDot } from "./dot.ts";
import { serialOrder, serialOrderOf } from "./serial-order.ts";

test("a task moves only as far back as what it waits for makes it", () => {
  const graph = fromDot("digraph { a; b; c; d; e; d -> b; }");
  expect(serialOrderOf(graph)).toEqual(["a", "c", "d", "b", "e"]);
});

test("a list and its edges give the order of their graph", () => {
  const { ids, edges } = fromDot("digraph { z; y; x; x -> z; }");
  expect(serialOrder(ids, edges)).toEqual(["y", "x", "z"]);
});

test("a cycle is named instead of an order", () => {
  expect(() => serialOrderOf(fromDot("digraph { a; b -> c -> b; }"))).toThrow("b -> c -> b");
});
