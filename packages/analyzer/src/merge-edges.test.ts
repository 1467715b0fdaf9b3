import { EDGE_SOURCES, type Edge, type EdgeSource, taskId } from "@sheaf/core";
import { describe, expect, it } from "vitest";
import { mergeEdges } from "./merge-edges.ts";

function edge(from: string, to: string, more: Partial<Edge> = {}): Edge {
  const base = { kind: "data", source: "llm", probability: 0.5, evidence: "" } as const;
  return { from: taskId(from), to: taskId(to), ...base, ...more };
}

describe("mergeEdges", () => {
  it("keeps the strongest source of a pair, in whatever order the edges come", () => {
    const strongestFirst: EdgeSource[] = [
      "declared",
      "corrected",
      "files",
      "reference",
      "learned",
      "llm",
      "assumed",
    ];
    expect([...strongestFirst].sort()).toEqual([...EDGE_SOURCES].sort());
    const edges = strongestFirst.map((source) => edge("a", "b", { source, probability: 0.1 }));
    for (let weakest = edges.length; weakest > 0; weakest--) {
      const some = edges.slice(edges.length - weakest);
      expect(mergeEdges(some)).toEqual([some[0]]);
      expect(mergeEdges([...some].reverse())).toEqual([some[0]]);
    }
  });

  it("keeps the most probable edge of one source, else the first", () => {
    const likely = edge("a", "b", { probability: 0.9, evidence: "likely" });
    const again = edge("a", "b", { probability: 0.9, evidence: "again" });
    expect(mergeEdges([edge("a", "b"), likely, again])).toEqual([likely]);
  });

  it("keeps edges of different pairs apart", () => {
    const edges = [edge("a", "b"), edge("b", "c"), edge("a", "c"), edge("constructor", "b")];
    expect(mergeEdges(edges)).toEqual(edges);
  });
});
