import { describe, expect, test } from "vitest";
import { benchArguments } from "../../../bench/src/bench-arguments.ts";
import { benchCommand } from "../../../bench/src/bench-command.ts";
import { sayDrift } from "../../../bench/src/show/section.ts";
import { markdownTable, type Table, textTable } from "../../../bench/src/show/table.ts";

describe("the command line", () => {
  test("without options everything is measured three times", () => {
    const only = [
      "audit",
      "workflows",
      "overhead",
      "workdir",
      "durability",
      "tracking",
      "analysis",
      "prices",
      "gateway",
      "history",
    ];
    expect(benchArguments([])).toEqual({ only, rounds: 3, seed: 1, form: "text" });
  });

  test("parts are measured in their own order, whatever the order in which they are named", () => {
    expect(benchArguments(["--only", "workdir, audit"]).only).toEqual(["audit", "workdir"]);
  });

  test.each([
    [["--only", "audit,speed"], /--only to name audit, .*, got "speed"/],
    [["--rounds", "0"], /--rounds to be an integer >= 1, got "0"/],
    [["--rounds", "2.5"], /--rounds/],
    [["--seed", "x"], /--seed/],
    [["--json", "--markdown"], /not both/],
    [["--fast"], /--fast/],
    [["audit"], /audit/],
  ])("%j is refused by a sentence on stderr and exit code 2", async (args, expected) => {
    const said = { stdout: "", stderr: "" };
    const code = await benchCommand(args, {
      stdout: { write: (text) => (said.stdout += text) },
      stderr: { write: (text) => (said.stderr += text) },
    });
    expect(code).toBe(2);
    expect(said.stderr).toMatch(expected);
    expect(said.stdout).toBe("");
  });
});

const table: Table = {
  title: "Speed",
  columns: [
    { key: "name", heading: "by" },
    { key: "ms", heading: "ms", digits: 1 },
    { key: "ratio", heading: "ratio", digits: 2 },
  ],
  rows: [
    { name: "plain", ms: 10, ratio: null },
    { name: "b", ms: 1234.56, ratio: Number.NaN },
  ],
  notes: ["One note."],
};

describe("a table", () => {
  test("for people: text to the left, figures to the right, a dash where there is none", () => {
    expect(textTable(table).split("\n")).toEqual([
      "Speed",
      "",
      "by         ms  ratio",
      "plain    10.0      -",
      "b      1234.6      -",
      "",
      "One note.",
      "",
    ]);
  });

  test("as Markdown", () => {
    expect(markdownTable(table).split("\n")).toEqual([
      "| by | ms | ratio |",
      "|---|--:|--:|",
      "| plain | 10.0 | - |",
      "| b | 1234.6 | - |",
      "",
      "One note.",
      "",
    ]);
  });
});

test("a yardstick that drifts by more than half is called noisy", () => {
  expect(sayDrift("x", 1.4)).not.toMatch(/noisy/);
  expect(sayDrift("x", 1.6)).toMatch(/1\.60 times its fastest; noisy/);
});
