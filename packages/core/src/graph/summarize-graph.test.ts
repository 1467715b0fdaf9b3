import { expect, test } from "vitest";
import { fromDot } from "./dot.ts";
import { summarizeGraph } from "./summarize-graph.ts";

test("a summary counts tasks, edges by source and kind, and the width of the levels", () => {
  const graph = fromDot('digraph { a -> b; a -> c [source="llm", kind="data"]; c -> d [source="llm"]; }');
  expect(summarizeGraph(graph)).toEqual({
    tasks: 4,
    edges: 3,
    edgesBySource: { declared: 1, llm: 2 },
    edgesByKind: { order: 2, data: 1 },
    levels: [["a"], ["b", "c"], ["d"]],
    width: 2,
  });
});

test("a cyclic graph is summed up with its cycle instead of levels", () => {
  const summary = summarizeGraph(fromDot("digraph { a -> b -> a; c; }"));
  expect(summary).toMatchObject({ tasks: 3, edges: 2, cycle: ["a", "b"] });
  expect(summary).not.toHaveProperty("levels");
});
