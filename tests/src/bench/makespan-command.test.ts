import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { makespanCommand } from "../../../bench/src/makespan-command.ts";

const root = mkdtempSync(join(tmpdir(), "makespan-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function file(path: string, text: string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
}

function run(...args: string[]): { code: number; stdout: string; stderr: string } {
  const said = { stdout: "", stderr: "" };
  const code = makespanCommand(args, {
    stdout: { write: (text) => (said.stdout += text) },
    stderr: { write: (text) => (said.stderr += text) },
  });
  return { code, ...said };
}

// Tasks 1 and 2 take 1 and 5, 3 waits for 1, 4 for 2: levels wait for task 2 before they start task 3.
const stg = file("set/7/two.stg", "4\n1 1 0\n2 5 0\n3 4 1 1\n4 1 1 2\n");
const wf = file(
  "set/one.json",
  JSON.stringify({ workflow: { tasks: [{ name: "a", runtimeInSeconds: 2 }, { name: "b" }] } }),
);
const schema = file("set/schema.json", '{"title": "no workflow"}');
const optima = file("optima.csv", "7/two.stg,2,6\n7/two.stg,3,5,6\n\nother/two.stg,2,1\n");

describe("JSON", () => {
  test("stdout is one array with a row for each file and number of processors", () => {
    const { code, stdout, stderr } = run(stg, wf, "--processors", "2,3", "--json", "--optimum", optima);
    expect(JSON.parse(stdout)).toEqual([
      { file: stg, processors: 2, bound: 6, optimum: 6, levels: 9, ready: 6 },
      { file: stg, processors: 3, bound: 6, optimum: null, levels: 9, ready: 6 },
      { file: wf, processors: 2, bound: 2, optimum: null, levels: 2, ready: 2 },
      { file: wf, processors: 3, bound: 2, optimum: null, levels: 2, ready: 2 },
    ]);
    expect(stderr).toBe(`${wf}: 1 of the tasks have no run time; they count as 0.\n`);
    expect(code).toBe(0);
  });

  test("a folder stands for the workflows below it; other JSON there is passed over with a note", () => {
    const { stdout, stderr } = run(join(root, "set"), "--processors", "1", "--json");
    expect(JSON.parse(stdout).map((row: { file: string }) => row.file)).toEqual([stg, wf]);
    expect(stderr).toContain(`${schema}: this is not a workflow in WfFormat`);
    expect(stderr).toContain("(passed over)");
  });

  test("noise comes from the seed alone and changes the order of dispatch, never the durations", () => {
    const many = file(
      "many.stg",
      `60\n${Array.from({ length: 60 }, (_, i) => `${i + 1} ${1 + ((i * 7) % 11)} ${i < 6 ? "0" : `1 ${i - 5}`}`).join("\n")}\n`,
    );
    const rows = (...args: string[]): unknown =>
      JSON.parse(run(many, "--processors", "4", "--json", ...args).stdout);
    const ready = (seed: string): { ready: number; bound: number } =>
      (rows("--noise", "1.5", "--seed", seed) as { ready: number; bound: number }[])[0]!;
    expect(rows("--noise", "1.5", "--seed", "3")).toEqual(rows("--noise", "1.5", "--seed", "3"));
    expect(rows("--noise", "0", "--seed", "3")).toEqual(rows());
    const seeds = ["1", "2", "3", "4", "5", "6"].map(ready);
    expect(new Set(seeds.map((row) => row.ready)).size).toBeGreaterThan(1);
    expect(new Set(seeds.map((row) => row.bound)).size).toBe(1);
  });
});

test("without --json a table is written, with the averages for each number of processors", () => {
  const { code, stdout } = run(stg, "--processors", "2", "--optimum", optima);
  expect(code).toBe(0);
  expect(stdout.split("\n").map((line) => line.replace(root, "").replace(/ {2,}/g, "  "))).toEqual([
    "file  P  bound  tight  optimum  levels  ready  ready/opt  ready/tight",
    "/set/7/two.stg  2  6  6  6  9  6  1.000  1.000",
    "",
    "P=2  over the optimum (1 file): ready mean 1.0000 max 1.000, levels mean 1.5000 max 1.500",
    "P=2  over the tight bound (1 file): ready mean 1.0000 max 1.000, levels mean 1.5000 max 1.500",
    "P=2  over the bound (1 file): ready mean 1.0000 max 1.000, levels mean 1.5000 max 1.500",
    "",
  ]);
});

describe("input that cannot be used ends with code 2, one sentence on stderr and nothing on stdout", () => {
  const broken = file(
    "broken.json",
    JSON.stringify({ workflow: { tasks: [{ name: "a", parents: ["a"] }] } }),
  );
  const text = file("notes.txt", "hello");
  const csv = file("bad.csv", "7/two.stg,2,6\n7/two.stg,two,6\n");
  mkdirSync(join(root, "empty"));
  test.each<[string, string[], string]>([
    ["no file", ["--processors", "2"], "expected at least one file or folder (usage: "],
    ["no processors", [stg], "expected --processors P (usage: "],
    ["no processor", [stg, "--processors", "0"], 'expected --processors to be an integer >= 1, got "0"'],
    [
      "a half processor",
      [stg, "--processors", "2,1.5"],
      'expected --processors to be an integer >= 1, got "1.5"',
    ],
    ["a gap in the list", [stg, "--processors", "2,"], 'expected --processors to be an integer >= 1, got ""'],
    [
      "bad noise",
      [stg, "--processors", "2", "--noise", "loud"],
      'expected --noise to be a number from 0 to 10, got "loud"',
    ],
    [
      "a bad seed",
      [stg, "--processors", "2", "--seed", "x"],
      'expected --seed to be an integer >= 0, got "x"',
    ],
    ["an unknown option", [stg, "--processors", "2", "--wat"], "Unknown option '--wat'"],
    [
      "a missing file",
      [join(root, "gone.stg"), "--processors", "2"],
      "gone.stg: there is no such file or folder",
    ],
    ["another format", [text, "--processors", "2"], "notes.txt: expected a file that ends in .stg or .json"],
    [
      "JSON that is no workflow",
      [schema, "--processors", "2"],
      "schema.json: this is not a workflow in WfFormat",
    ],
    ["a broken workflow", [broken, "--processors", "2"], 'broken.json: Task "a" depends on itself'],
    ["a folder without any", [join(root, "empty"), "--processors", "2"], "found none"],
    [
      "missing optima",
      [stg, "--processors", "2", "--optimum", join(root, "no.csv")],
      "no.csv: cannot be read (ENOENT)",
    ],
    [
      "bad optima",
      [stg, "--processors", "2", "--optimum", csv],
      "bad.csv: line 2: expected file,processors,optimum",
    ],
  ])("%s", (_, args, problem) => {
    const { code, stdout, stderr } = run(...args, "--json");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(problem);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("a broken workflow below a folder is an error too: only what is no workflow is passed over", () => {
    const folder = dirname(file("with-broken/a.json", JSON.stringify({ workflow: { tasks: [{}] } })));
    file("with-broken/b.stg", "1\n1 1 0\n");
    const { code, stdout, stderr } = run(folder, "--processors", "2");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("a.json: expected task 1 to have an id or a name");
  });
});
