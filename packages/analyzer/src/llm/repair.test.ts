import { type Edge, type Task, taskId } from "@sheaf/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnswerRecord, Need } from "./answer.ts";
import { countFlaw, edgeOf, type FlawCounts, recordRepair, sayFlaws } from "./repair.ts";

const TASKS: Task[] = [
  { id: taskId("fetch"), description: "Download the raw table" },
  { id: taskId("clean"), description: "Drop empty rows of the Raw  Table" },
  { id: taskId("plot"), run: "python plot.py", input: { title: "Rows a day" }, reads: ["data/clean.csv"] },
];

const ALL = new Set([1, 2]);

const need = (on: number, more: Partial<Need> = {}): Need => {
  return { on, type: "data", evidence: "raw table", p: 0.8, ...more };
};

interface Repaired {
  readonly edges: readonly Edge[];
  readonly answered: readonly number[];
  readonly repairs: string | null;
  readonly flaws: FlawCounts;
}

function repairedIn(tasks: readonly Task[], records: readonly AnswerRecord[]): Repaired {
  const flaws: FlawCounts = new Map();
  const asked = tasks.length === TASKS.length ? ALL : new Set(tasks.keys());
  const needs = recordRepair({ tasks, isSet: false }, (place) => asked.has(place), flaws).needsByPlace(
    records,
  );
  const edges = [...needs].flatMap(([place, each]) => each.flatMap((one) => edgeOf(tasks, place, one) ?? []));
  return { edges, answered: [...needs.keys()], repairs: sayFlaws(flaws), flaws };
}

const repaired = (...records: AnswerRecord[]): Repaired => repairedIn(TASKS, records);

describe("recordRepair", () => {
  it("turns needs into edges and says which tasks were spoken about", () => {
    const { edges, answered, repairs } = repaired({ task: 2, needs: [need(1)] }, { task: 3, needs: [] });
    expect(edges).toEqual([
      { from: "fetch", to: "clean", kind: "data", source: "llm", probability: 0.8, evidence: "raw table" },
    ]);
    expect(answered).toEqual([1, 2]);
    expect(repairs).toBeNull();
  });

  it("leaves out what cannot be, and counts it", () => {
    const { edges, answered, repairs, flaws } = repaired(
      { task: 2, needs: [need(2), need(3), need(0), need(9), need(1)] },
      { task: 2, needs: [need(1, { p: 0.9 }), need(1, { p: 0.7 })] },
      { task: 7, needs: [] },
      { task: 1, needs: [] },
    );
    expect(edges.map((edge) => [edge.from, edge.to, edge.probability])).toEqual([["fetch", "clean", 0.9]]);
    expect(answered).toEqual([1]);
    expect(Object.fromEntries(flaws)).toEqual({ unknown: 3, unasked: 1, itself: 1, later: 1, twice: 2 });
    expect(repairs).toBe(
      "8 parts of the model's answer were left out: 1 about tasks that were not asked about, 3 about unknown tasks, 1 about a task's need of itself, 1 about needs of later tasks, 2 said before",
    );
  });

  it("leaves out what is too improbable to wait for", () => {
    const { edges, answered, flaws } = repaired({ task: 2, needs: [need(1, { p: 0.19 })] });
    expect(edges).toEqual([]);
    expect(answered).toEqual([1]);
    expect(Object.fromEntries(flaws)).toEqual({ improbable: 1 });
    expect(repaired({ task: 2, needs: [need(1, { p: 0.2 })] }).edges).toHaveLength(1);
  });

  it("leaves the most probable of too many needs", () => {
    const tasks = Array.from({ length: 100 }, (_, i) => ({ id: taskId(`t${i}`), description: "raw table" }));
    const needs = tasks.slice(1).map((_, i) => need(i + 1, { p: i < 10 ? 0.3 : 0.9 }));
    const { edges, flaws } = repairedIn(tasks, [{ task: 100, needs }]);
    expect(edges).toHaveLength(64);
    expect(edges.every(({ probability }) => probability === 0.9)).toBe(true);
    expect(Object.fromEntries(flaws)).toEqual({ "too-many": 35 });
  });

  it("makes no edge of a need that most votes were against", () => {
    const voted = { on: 0, kind: "data", evidence: "", p: 0.4, votes: 5 } as const;
    expect(edgeOf(TASKS, 1, voted)).toBeNull();
    expect(edgeOf(TASKS, 1, { ...voted, p: 0.6 })).toMatchObject({ probability: 0.6 });
    expect(edgeOf(TASKS, 1, { ...voted, votes: 0 })).toMatchObject({ probability: 0.4 });
  });

  it("says one part in the singular, and nothing of what was not left out", () => {
    const flaws: FlawCounts = new Map();
    for (const flaw of ["wrapped", "cut", "missing", "unproven"] as const) countFlaw(flaws, flaw);
    expect(sayFlaws(flaws)).toBeNull();
    countFlaw(flaws, "unreadable");
    expect(sayFlaws(flaws)).toBe("1 part of the model's answer was left out: 1 unreadable");
  });

  it.each([
    ["RAW TABLE", 0.8],
    ["drop  emptyrows", 0.8],
    ['"raw table..."', 0.8],
    ["Rows a day", 0.4],
    ["", 0.4],
    ["...", 0.4],
  ])("halves the probability where neither task holds the evidence: %s", (evidence, expected) => {
    const { edges, flaws } = repaired({ task: 2, needs: [need(1, { evidence })] });
    expect(edges[0]!.probability).toBe(expected);
    expect(flaws.has("unproven")).toBe(expected === 0.4);
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
    expect(kinds("rate limit", 0.5)).toEqual(["logic", 0.5]);
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
          expect(answered.includes(order.indexOf(edge.to))).toBe(true);
        }
      }),
    );
  });
});
