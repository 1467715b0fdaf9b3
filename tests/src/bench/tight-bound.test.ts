import { buildGraph, listSchedule, makespanBound } from "@sheaf/core";
import { arbitraryDag } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tightBound } from "../../../bench/src/tight-bound.ts";

test("the tight bound is at least the simple one, and no order of dispatch beats it", () => {
  const plans = arbitraryDag({ maxTasks: 12, maxDegree: 2 }).chain(({ ids, edges }) =>
    fc.record({
      graph: fc.constant(buildGraph(ids, edges)),
      durations: fc.array(fc.nat({ max: 6 }), { minLength: ids.length, maxLength: ids.length }),
      orders: fc.array(fc.array(fc.nat({ max: 9 }), { minLength: ids.length, maxLength: ids.length }), {
        maxLength: 20,
      }),
      processors: fc.integer({ min: 1, max: 4 }),
    }),
  );
  fc.assert(
    fc.property(plans, ({ graph, durations, orders, processors }) => {
      const durationsMs = Float64Array.from(durations);
      const bound = tightBound(graph, durationsMs, processors);
      expect(bound).toBeGreaterThanOrEqual(makespanBound(graph, durationsMs, processors));
      for (const order of orders) {
        const priorities = Float64Array.from(order);
        const { makespanMs } = listSchedule(graph, durationsMs, {
          processors,
          schedule: "ready",
          priorities,
        });
        expect(makespanMs).toBeGreaterThanOrEqual(bound - 1e-9);
      }
    }),
  );
});

test("five equal tasks on two processors take three rounds, which shared-out work does not tell", () => {
  const graph = buildGraph([..."abcde"] as never[], []);
  const durations = new Float64Array(5).fill(4);
  expect(makespanBound(graph, durations, 2)).toBe(10);
  expect(tightBound(graph, durations, 2)).toBe(12);
});

test("work that only begins after a long task, and ends before another, is shared out between them", () => {
  const names = ["first", "a", "b", "c", "d", "last"];
  const edges = ["a", "b", "c", "d"].flatMap((middle) =>
    [
      ["first", middle],
      [middle, "last"],
    ].map(([from, to]) => ({
      from,
      to,
      kind: "order",
      source: "declared",
      probability: 1,
      evidence: "",
    })),
  );
  const graph = buildGraph(names as never[], edges as never[]);
  expect(tightBound(graph, Float64Array.of(10, 3, 3, 3, 3, 10), 2)).toBe(26);
});
