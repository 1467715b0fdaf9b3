import { type Task, taskId } from "@sheaf/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnswerRecord, Need } from "./answer.ts";
import { type RepairedAnswer, repairAnswer } from "./repair.ts";

const TASKS: Task[] = [
  { id: taskId("fetch"), description: "Download the raw table" },
  { id: taskId("clean"), description: "Drop empty rows of the Raw  Table" },
  { id: taskId("plot"), run: "python plot.py", input: { title: "Rows a day" }, reads: ["data/clean.csv"] },
];

const ALL = new Set([1, 2]);

const need = (on: number, more: Partial<Need> = {}): Need => {
  return { on, type: "data", evidence: "raw table", p: 0.8, ...more };
};

const repaired = (...records: AnswerRecord[]): RepairedAnswer =>
  repairAnswer({ records, unreadable: 0 }, TASKS, ALL);

describe("repairAnswer", () => {
  it("turns needs into edges and says which tasks were spoken about", () => {
    const { edges, answered, repairs } = repaired({ task: 2, needs: [need(1)] }, { task: 3, needs: [] });
    expect(edges).toEqual([
      { from: "fetch", to: "clean", kind: "data", source: "llm", probability: 0.8, evidence: "raw table" },
    ]);
    expect([...answered]).toEqual([1, 2]);
    expect(repairs).toBeNull();
  });

  it("leaves out what cannot be, and counts it", () => {
    const { edges, answered, repairs } = repairAnswer(
      {
        records: [
          { task: 2, needs: [need(2), need(3), need(0), need(9), need(1)] },
          { task: 2, needs: [need(1, { p: 0.9 }), need(1, { p: 0.7 })] },
          { task: 7, needs: [] },
          { task: 1, needs: [] },
        ],
        unreadable: 1,
      },
      TASKS,
      ALL,
    );
    expect(edges.map((edge) => [edge.from, edge.to, edge.probability])).toEqual([["fetch", "clean", 0.9]]);
    expect([...answered]).toEqual([1]);
    expect(repairs).toBe(
      "9 parts of the model's answer were left out: 1 unreadable, 1 about a task's need of itself, 1 about needs of later tasks, 3 about unknown tasks, 2 said before, 1 about tasks that were not asked about",
    );
  });

  it.each([
    ["RAW TABLE", 0.8],
    ["drop  emptyrows", 0.8],
    ['"raw table..."', 0.8],
    ["Rows a day", 0.4],
    ["", 0.4],
    ["...", 0.4],
  ])("halves the probability where neither task holds the evidence: %s", (evidence, expected) => {
    const { edges } = repaired({ task: 2, needs: [need(1, { evidence })] });
    expect(edges[0]!.probability).toBe(expected);
  });

  it("looks for evidence in commands, inputs and paths too", () => {
    for (const evidence of ["plot.py", "rows a day", "data/clean.csv"]) {
      expect(repaired({ task: 3, needs: [need(2, { evidence })] }).edges[0]!.probability).toBe(0.8);
    }
  });

  it("bounds probabilities, kinds and evidence", () => {
    const kinds = (type: string, p: number) => {
      const [edge] = repaired({ task: 2, needs: [need(1, { type, p })] }).edges;
      return [edge!.kind, edge!.probability];
    };
    expect(kinds("FILE", 7)).toEqual(["file", 1]);
    expect(kinds("rate limit", -1)).toEqual(["logic", 0]);
    const evidence = `raw\u001b[31m\n table${"x".repeat(500)}`;
    const [edge] = repaired({ task: 2, needs: [need(1, { evidence })] }).edges;
    expect(edge!.evidence).toHaveLength(200);
    expect(edge!.evidence.startsWith("raw [31m table")).toBe(true);
  });

  it("returns forward edges between known tasks for any numbers at all", () => {
    const number = fc.integer({ min: -2, max: 6 });
    const needs = fc.array(
      fc.record({ on: number, type: fc.string(), evidence: fc.string(), p: fc.double() }),
    );
    const records = fc.array(fc.record({ task: number, needs }));
    const order = TASKS.map((task) => task.id);
    fc.assert(
      fc.property(records, (some) => {
        const { edges, answered } = repaired(...some);
        const pairs = new Set(edges.map((edge) => `${edge.from} ${edge.to}`));
        expect(pairs.size).toBe(edges.length);
        for (const edge of edges) {
          expect(order.indexOf(edge.from)).toBeGreaterThanOrEqual(0);
          expect(order.indexOf(edge.to)).toBeGreaterThan(order.indexOf(edge.from));
          expect(answered.has(order.indexOf(edge.to))).toBe(true);
        }
      }),
    );
  });
});
