import {
  buildGraph,
  criticalPath,
  findCycle,
  isSheafError,
  levels,
  levelsOf,
  parallelGroups,
  serialOrder,
  summarizeGraph,
  upwardRank,
} from "@sheaf/core";
import { arbitraryDag, arbitraryGraph, cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { longestPaths, naiveSerialOrder, reachability } from "./model.ts";

const DURATIONS = fc.infiniteStream(fc.nat({ max: 9 }));

test("a cycle is found where a task reaches itself, and only there; it is a real one, told from its first task", () => {
  fc.assert(
    fc.property(arbitraryGraph({ maxDegree: 1 }), ({ ids, edges }) => {
      const cycle = findCycle(buildGraph(ids, edges));
      const cyclic = reachability({ ids, edges }).some((row, i) => row[i]);
      expect(cycle !== undefined).toBe(cyclic);
      if (cycle === undefined) return;
      expect(new Set(cycle).size).toBe(cycle.length);
      expect(cycle[0]).toBe(ids.find((id) => cycle.includes(id)));
      cycle.forEach((from, i) => {
        const to = cycle[(i + 1) % cycle.length];
        expect(edges.some((edge) => edge.from === from && edge.to === to)).toBe(true);
      });
    }),
    cases({ ci: 500, deep: 5_000 }),
  );
});

test("a summary of any graph has its levels, or the cycle that leaves it without", () => {
  fc.assert(
    fc.property(arbitraryGraph({ maxDegree: 1 }), ({ ids, edges }) => {
      const graph = buildGraph(ids, edges);
      const summary = summarizeGraph(graph);
      const cycle = findCycle(graph);
      const total = (counts: object): number => Object.values(counts).reduce((sum, n) => sum + n, 0);
      expect(summary).toMatchObject({ tasks: ids.length, edges: graph.edges.length });
      expect(total(summary.edgesBySource)).toBe(graph.edges.length);
      expect(total(summary.edgesByKind)).toBe(graph.edges.length);
      if (cycle !== undefined) expect(summary).toMatchObject({ cycle });
      else expect(summary).toMatchObject({ levels: levels(graph) });
    }),
  );
});

test("the serial order is the first topological order by list order", () => {
  fc.assert(
    fc.property(arbitraryDag(), ({ ids, edges }) => {
      expect(serialOrder(ids, edges)).toEqual(naiveSerialOrder({ ids, edges }));
    }),
  );
});

test("edges that lead down the list leave the list as it is", () => {
  fc.assert(
    fc.property(arbitraryDag({ listOrder: true, maxTasks: 30 }), ({ ids, edges }) => {
      expect(serialOrder(ids, edges)).toEqual(ids);
    }),
  );
});

test("the serial order of a cyclic graph is refused with a cycle named", () => {
  fc.assert(
    fc.property(arbitraryGraph({ maxDegree: 4 }), ({ ids, edges }) => {
      const cycle = findCycle(buildGraph(ids, edges));
      fc.pre(cycle !== undefined);
      try {
        serialOrder(ids, edges);
        expect.unreachable();
      } catch (error) {
        if (!isSheafError(error, "GRAPH_CYCLE")) throw error;
        expect(error.details.cycle).toEqual(cycle);
      }
    }),
  );
});

test("a task's level is the number of tasks on the longest path to it", () => {
  fc.assert(
    fc.property(arbitraryDag({ maxTasks: 8 }), ({ ids, edges }) => {
      const graph = buildGraph(ids, edges);
      const turned = edges.map((edge) => ({ ...edge, from: edge.to, to: edge.from }));
      const depth = longestPaths({ ids, edges: turned }, () => 1).map((length) => length - 1);
      expect([...levelsOf(graph)]).toEqual(depth);
      const byLevel = [...new Set(depth)]
        .sort((a, b) => a - b)
        .map((d) => ids.filter((_, i) => depth[i] === d));
      expect(levels(graph)).toEqual(byLevel);
      expect(parallelGroups(graph)).toEqual(byLevel.filter((group) => group.length >= 2));
    }),
  );
});

test("the upward rank is the longest remaining path, and the critical path is one of that length", () => {
  fc.assert(
    fc.property(arbitraryDag({ maxTasks: 8 }), DURATIONS, ({ ids, edges }, stream) => {
      const graph = buildGraph(ids, edges);
      const durationsMs = Float64Array.from(ids, () => stream.next().value);
      const longest = longestPaths({ ids, edges }, (i) => durationsMs[i]!);
      expect([...upwardRank(graph, durationsMs)]).toEqual(longest);

      const { tasks, lengthMs } = criticalPath(graph, durationsMs);
      expect(lengthMs).toBe(Math.max(0, ...longest));
      expect(tasks.reduce((sum, id) => sum + durationsMs[graph.indexOf(id)!]!, 0)).toBe(lengthMs);
      tasks.slice(1).forEach((to, i) => {
        expect(edges.some((edge) => edge.from === tasks[i] && edge.to === to)).toBe(true);
      });
    }),
  );
});
