import { expect, test } from "vitest";
import { fromDot } from "./dot.ts";
import { reversed } from "./reversed.ts";
import { serialOrderOf } from "./serial-order.ts";

test("the order of a chain is turned round, and its edges with it", () => {
  const graph = reversed(fromDot("digraph { a -> b -> c; }"));
  expect(serialOrderOf(graph)).toEqual(["c", "b", "a"]);
  expect(graph.edges.map(({ from, to }) => [from, to])).toEqual([
    ["b", "a"],
    ["c", "b"],
  ]);
});
