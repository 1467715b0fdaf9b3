import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ag2Costs } from "../exports/ag2-costs.ts";
import { anyEvents } from "../exports/events-rig.ts";
import { runFacts } from "../exports/run-facts.ts";
import { readAg2Costs } from "./read-ag2-costs.ts";

/** A file as Python writes it. */
const file = (...rows: readonly string[]): string =>
  `[\n    ${rows.map((row) => `{${row}}`).join(",\n    ")}\n]\n`;
const row = (
  agent: string,
  cost: string,
  [input, output]: readonly [string, string],
  model: string,
): string =>
  `"Agent": ${agent}, "Cost ($)": ${cost}, "Prompt Tokens": ${input}, "Completion Tokens": ${output}, "Model": ${model}`;

describe("a cost file", () => {
  it("is read row by row, without its total", () => {
    const text = file(
      row('"planner"', "0.03", ["100", "20"], '"gpt-4o"'),
      row('"Total"', "1e-3", ["7.0", "3"], '"o3"'),
      row('"Total"', "0.031", ["107", "23"], "NaN"),
      '"Agent": "Total", "Cost ($)": 1, "Prompt Tokens": 9, "Completion Tokens": 9',
    );
    expect(readAg2Costs(text)).toEqual({
      rows: [
        { model: "gpt-4o", inputTokens: 100, outputTokens: 20, costUsd: 0.03 },
        { model: "o3", inputTokens: 7, outputTokens: 3, costUsd: 0.001 },
      ],
      problems: [],
    });
  });

  it("has no cost where that is no number, or the 0 that AG2 writes for a model that it does not know", () => {
    for (const cost of ["NaN", "-Infinity", "Infinity", "null", "-1", '"0.1"', "0", "0.0"]) {
      const { rows, problems } = readAg2Costs(file(row('"a"', cost, ["1", "2"], '"NaN \\" Infinity"')));
      expect(rows).toEqual([{ model: 'NaN " Infinity', inputTokens: 1, outputTokens: 2, costUsd: null }]);
      expect(problems).toEqual([]);
    }
  });

  it("has no cost where that is a million dollars or more, and says so", () => {
    for (const cost of ["1e6", "1e308"]) {
      expect(readAg2Costs(file(row('"a"', cost, ["1", "2"], '"m"')))).toEqual({
        rows: [{ model: "m", inputTokens: 1, outputTokens: 2, costUsd: null }],
        problems: ["Row 1 tells a cost of a million dollars or more, which is not believed."],
      });
    }
    expect(readAg2Costs(file(row('"a"', "999999.9", ["1", "2"], '"m"'))).rows[0]!.costUsd).toBe(999_999.9);
  });

  it("keeps a row whose tokens are none, and says so", () => {
    for (const tokens of ["NaN", "-1", "1.5", '"7"', "null"]) {
      expect(readAg2Costs(file(row('"a"', "0.5", [tokens, "2"], "null")))).toEqual({
        rows: [{ model: "unknown", inputTokens: null, outputTokens: 2, costUsd: 0.5 }],
        problems: ["Row 1 does not tell its tokens as whole numbers >= 0."],
      });
    }
  });

  it("leaves out agents that used nothing", () => {
    expect(readAg2Costs(file(row('"idle"', "0.0", ["0", "0"], '"m"')))).toEqual({ rows: [], problems: [] });
  });

  it.each([
    ["{}", "It is not a list of rows."],
    ["null", "It is not a list of rows."],
    ['[{"Agent": "a"', "It is not JSON: "],
    ["", "It is not JSON: "],
    ["[7]", "Row 1 has neither tokens nor a cost."],
    ['[{"Agent": "a", "Model": "m"}]', "Row 1 has neither tokens nor a cost."],
  ])("%j is none", (text, problem) => {
    const { rows, problems } = readAg2Costs(text);
    expect(rows).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it("that we have written says what it was written from", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const written = ag2Costs([runFacts(events)!]);
        const { rows, problems } = readAg2Costs(JSON.stringify(written));
        expect(problems).toEqual([]);
        const spent = written
          .slice(0, -1)
          .filter((each) => each["Total Tokens"] > 0 || (each["Cost ($)"] ?? 0) > 0);
        expect(rows.map((each) => [each.inputTokens, each.outputTokens])).toEqual(
          spent.map((each) => [each["Prompt Tokens"], each["Completion Tokens"]]),
        );
        expect(rows.map((each) => each.model)).toEqual(spent.map((each) => each.Model));
        expect(rows.map((each) => each.costUsd)).toEqual(spent.map((each) => each["Cost ($)"] || null));
      }),
      cases({ ci: 30, deep: 5000 }),
    );
  });
});
