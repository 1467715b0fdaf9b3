import {
  buildGraph,
  fromDot,
  fromGraphlibJson,
  fromMermaid,
  type Graph,
  toDot,
  toGraphlibJson,
  toMermaid,
  transitiveReduction,
} from "@sheaf/core";
import { arbitraryDag, arbitraryGraph, cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";

const FORMATS = {
  DOT: (graph: Graph) => fromDot(toDot(graph)),
  Mermaid: (graph: Graph) => fromMermaid(toMermaid(graph)),
  "graphlib's JSON": (graph: Graph) => fromGraphlibJson(JSON.parse(JSON.stringify(toGraphlibJson(graph)))),
};

test.each(Object.entries(FORMATS))(
  "what is written as %s reads back as the same tasks and edges",
  (_, there) => {
    fc.assert(
      fc.property(arbitraryGraph({ maxTasks: 10 }), ({ ids, edges }) => {
        const graph = buildGraph(ids, edges);
        const back = there(graph);
        expect(back.ids).toEqual(graph.ids);
        expect(back.edges).toEqual(graph.edges);
      }),
      cases({ ci: 500, deep: 5_000 }),
    );
  },
);

test("a reduced picture holds all tasks and the edges of the transitive reduction", () => {
  fc.assert(
    fc.property(arbitraryDag(), ({ ids, edges }) => {
      const graph = buildGraph(ids, edges);
      for (const back of [
        fromDot(toDot(graph, { reduced: true })),
        fromMermaid(toMermaid(graph, { reduced: true })),
      ]) {
        expect(back.ids).toEqual(ids);
        expect(back.edges).toEqual(transitiveReduction(graph));
      }
    }),
  );
});
