import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { file, flow, jsonl, root, rowOf, rowsIn, run, texts } from "./command-rig.ts";

const flows = file("sets/flows.jsonl", jsonl(flow));
const plain = file("sets/plain.jsonl", jsonl(texts));

describe("rows", () => {
  test("there is one for each set and analyzer, and none where a set does not have what an analyzer goes by", async () => {
    const said = await run(["--set", join(root, "sets"), "--json"]);
    expect({ code: said.code, stderr: said.stderr }).toEqual({ code: 0, stderr: "" });
    expect(rowsIn(said).map(({ set, analyzer }) => `${set} ${analyzer}`)).toEqual([
      ...["none", "sequential", "declared", "references", "learned"].map((name) => `flows ${name}`),
      ...["none", "sequential", "references"].map((name) => `plain ${name}`),
    ]);
  });

  test("figures are right where true edges lead up the list", async () => {
    const said = await run(["--set", flows, "--json"]);
    const free = { set: "flows", items: 1, tasks: 4, inputTokens: 0, outputTokens: 0 };
    const times = { firstDispatchMs: expect.any(Number), latencyMs: expect.any(Number) };
    expect(rowsIn(said)).toEqual([
      // True pairs: make-use, use-tell, make-tell. Independent ones: those with idle.
      {
        ...{ ...free, ...times, analyzer: "none", precision: null, recall: 0, f1: 0 },
        ...{ missed: 1, spurious: 0, nothingMissed: 0, kept: 1 },
      },
      {
        ...{ ...free, ...times, analyzer: "sequential", precision: 0, recall: 0, f1: 0 },
        ...{ missed: 1 / 3, spurious: 1, nothingMissed: 0, kept: 3 / 4 },
      },
      {
        ...{ ...free, ...times, analyzer: "declared", precision: 1, recall: 1, f1: 1 },
        ...{ missed: 0, spurious: 0, nothingMissed: 1, kept: 1 },
      },
      {
        ...{ ...free, ...times, analyzer: "references", precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
        ...{ missed: 2 / 3, spurious: 1 / 3, nothingMissed: 0, kept: 1 },
      },
      // What was seen is taken in list order, so "make" is to wait for "use", which read what it writes.
      {
        ...{ ...free, ...times, analyzer: "learned", precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
        ...{ missed: 2 / 3, spurious: 0, nothingMissed: 0, kept: 3 / 2 },
      },
    ]);
  });

  test("counts are summed over the lists of a set, and kept is their mean", async () => {
    const set = file("two.jsonl", jsonl(texts, { ...texts, edges: [], durations: [1, 1, 1] }));
    const said = await run(["--set", set, "--json"]);
    expect(rowOf(said, "sequential")).toMatchObject({
      ...{ items: 2, tasks: 6, precision: 1 / 4, recall: 1, f1: 2 / 5 },
      ...{ missed: 0, spurious: 1, nothingMissed: 1, kept: (3 / 5 + 1 / 3) / 2 },
    });
  });

  test("a share of nothing is null", async () => {
    const set = file("alone.jsonl", jsonl({ tasks: [{ id: "a", description: "" }], edges: [] }));
    expect(rowOf(await run(["--set", set, "--json"]), "sequential")).toMatchObject({
      ...{ precision: null, recall: null, f1: null, missed: null, spurious: null },
      ...{ nothingMissed: 1, kept: 1 },
    });
  });

  test("lists that do not name all that tasks take and make are left out of declared and learned, with a note", async () => {
    const set = file("mixed.jsonl", jsonl(flow, texts));
    const said = await run(["--set", set, "--json"]);
    expect(rowsIn(said).map(({ analyzer, items }) => `${analyzer} ${items}`)).toEqual([
      ...["none 2", "sequential 2", "declared 1", "references 2", "learned 1"],
    ]);
    expect(said.stderr.split("\n")[0]).toBe(
      "mixed, declared: 1 of 2 lists name what each task takes and makes; the others are left out.",
    );
  });
});

test("who takes a part of a variable needs who makes the variable, and nobody who makes another one", async () => {
  const parts = [
    { id: "a", description: "", inputs: ["$v2.rows[0].id", "$v10.id"], outputs: [] },
    { id: "b", description: "", inputs: [], outputs: ["$v2"] },
    { id: "c", description: "", inputs: [], outputs: ["$v1"] },
  ];
  const set = file("parts.jsonl", jsonl({ tasks: parts, edges: [["b", "a"]] }));
  expect(rowOf(await run(["--set", set, "--json"]), "declared")).toMatchObject({ precision: 1, recall: 1 });
});

test("tasks that take from each other in a circle, or from themselves, are still put in some order", async () => {
  const around = [
    { id: "a", description: "", inputs: ["y", "x"], outputs: ["x"] },
    { id: "b", description: "", inputs: ["x"], outputs: ["y"] },
  ];
  const set = file("circle.jsonl", jsonl({ tasks: around, edges: [["a", "b"]] }));
  const said = await run(["--set", set, "--json"]);
  expect(rowOf(said, "declared")).toMatchObject({ precision: 1, recall: 1, kept: 1 });
});

test("true edges that say nothing are left out and told, and the figures are those without them", async () => {
  const set = file("self.jsonl", jsonl({ ...flow, edges: [...flow.edges, ["use", "use"]] }));
  const said = await run(["--set", set, "--json"]);
  expect(said.stderr).toBe(`${set}: line 1: edge 3, ["use","use"], joins a task to itself: left out.\n`);
  expect(rowOf(said, "declared")).toMatchObject({ precision: 1, recall: 1 });
});

describe("form", () => {
  test("a table for people is the default, --markdown gives one for papers", async () => {
    const text = await run(["--set", plain]);
    const table = text.stdout.split("\n").map((line) => line.trim().replace(/ {2,}/g, "  "));
    expect(table[0]).toBe("Dependencies");
    expect(table[2]).toBe(
      "set  analyzer  lists  tasks  precision  recall  F1  missed  spurious  nothing missed  kept  tokens in  tokens out  first dispatch, ms  analysis, ms",
    );
    expect(table[3]).toMatch(
      /^plain {2}none {2}1 {2}3 {2}- {2}0\.000 {2}0\.000 {2}1\.000 {2}0\.000 {2}0\.000 {2}1\.000 {2}0 {2}0 {2}\d+\.\d\d {2}\d+\.\d\d$/,
    );
    const { stdout } = await run(["--set", plain, "--markdown"]);
    expect(stdout).toContain("### Dependencies\n\n| set | analyzer | lists |");
    expect(stdout).toContain(
      "| plain | sequential | 1 | 3 | 0.500 | 1.000 | 0.667 | 0.000 | 1.000 | 1.000 | 0.600 |",
    );
  });

  test("without sets beside the checkout it says so and gives nothing", async () => {
    expect(await run(["--json"])).toEqual({
      code: 0,
      stdout: "[]\n",
      stderr: `There are no sets in ${join(root, "absent")}: nothing is compared. Name others with --set DIR.\n`,
    });
    expect((await run([])).stdout).toBe("");
  });
});

describe("what cannot be used ends with code 2, one sentence on stderr and nothing on stdout", () => {
  const broken = file("broken.jsonl", `${JSON.stringify(texts)}\n{"tasks": 3}\n`);
  test.each<[string, string[], string]>([
    ["a broken line", ["--set", broken], `${broken}: line 2: expected \`tasks\` to be a list`],
    ["a missing folder", ["--set", join(root, "gone")], "gone: there is no such file or folder"],
    [
      "a folder without sets",
      ["--set", dirname(file("none/a.txt", ""))],
      "expected .jsonl files in this folder",
    ],
    ["an unknown option", ["--wat"], "Unknown option '--wat'"],
    ["two forms", ["--json", "--markdown"], "expected --json or --markdown, not both (usage: "],
    ["no URL", ["--model", "gpt"], 'expected --model to be an http(s) URL, got "gpt"'],
    [
      "a missing transcript",
      ["--set", plain, "--transcript", join(root, "no")],
      "no: cannot be read (ENOENT)",
    ],
    [
      "another transcript",
      ["--set", plain, "--transcript", plain],
      "plain.jsonl: line 1: expected an answer that",
    ],
  ])("%s", async (_, args, problem) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(problem);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
