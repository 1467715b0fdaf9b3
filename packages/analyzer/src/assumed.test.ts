import { type Task, taskId } from "@sheaf/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assumedEdges } from "./assumed.ts";

const listOf = (size: number): Task[] => Array.from({ length: size }, (_, i) => ({ id: taskId(`t${i}`) }));

const pairs = (size: number, barriers: readonly number[]): string[] =>
  assumedEdges(listOf(size), new Set(barriers)).map(({ from, to }) => `${from}-${to}`);

describe("assumedEdges", () => {
  it("makes a chain of tasks that declare nothing", () => {
    expect(pairs(4, [0, 1, 2, 3])).toEqual(["t0-t1", "t1-t2", "t2-t3"]);
  });

  it("leaves tasks that declare something free of each other", () => {
    expect(pairs(4, [])).toEqual([]);
  });

  it("puts an undeclared task after all before it and before all after it", () => {
    expect(pairs(5, [2])).toEqual(["t0-t2", "t1-t2", "t2-t3", "t2-t4"]);
  });

  it("writes no edge that follows from others", () => {
    expect(pairs(4, [0, 3])).toEqual(["t0-t1", "t0-t2", "t1-t3", "t2-t3"]);
  });

  it("says that nothing is known", () => {
    expect(assumedEdges(listOf(2), new Set([0]))).toEqual([
      {
        from: "t0",
        to: "t1",
        kind: "order",
        source: "assumed",
        probability: 0.5,
        evidence: "nothing is declared",
      },
    ]);
  });

  it("orders exactly the pairs with an undeclared task at or between them, with at most two edges a task", () => {
    const lists = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lists, (isBarrier) => {
        const size = isBarrier.length;
        const barriers = isBarrier.flatMap((yes, i) => (yes ? [i] : []));
        const edges = pairs(size, barriers);
        expect(edges.length).toBeLessThanOrEqual(2 * size);
        const reach = Array.from({ length: size }, (_, i) => new Set([i]));
        for (let to = 0; to < size; to++) {
          for (let from = 0; from < to; from++) {
            if (edges.includes(`t${from}-t${to}`)) for (const i of reach[from]!) reach[to]!.add(i);
          }
        }
        for (let to = 0; to < size; to++) {
          for (let from = 0; from < to; from++) {
            const expected = barriers.some((b) => from <= b && b <= to);
            expect(reach[to]!.has(from)).toBe(expected);
          }
        }
      }),
    );
  });
});
