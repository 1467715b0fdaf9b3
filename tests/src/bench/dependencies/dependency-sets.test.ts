import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { idProblem } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { artifactPath } from "../../../../bench/src/dependencies/artifact-path.ts";
import type { KnownList } from "../../../../bench/src/dependencies/known-list.ts";
import { loadSets } from "../../../../bench/src/dependencies/load-sets.ts";
import { parseList } from "../../../../bench/src/dependencies/parse-list.ts";
import { safeIds } from "../../../../bench/src/dependencies/safe-ids.ts";

const root = mkdtempSync(join(tmpdir(), "sets-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function file(path: string, text: string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
}

const task = (id: string, more: object = {}): object => ({ id, description: `does ${id}`, ...more });
const list = (parts: object): string =>
  JSON.stringify({ tasks: [task("a"), task("b")], edges: [], ...parts });
const edgesOf = ({ gold }: KnownList): string[] => gold.edges.map(({ from, to }) => `${from}>${to}`);

describe("a list", () => {
  test("gives tasks, true edges in whatever direction, and durations", () => {
    const parsed = parseList(
      list({
        id: "one",
        goal: "not looked at",
        tasks: [task("a", { inputs: ["x"], outputs: [] }), task("b", { inputs: [], outputs: ["x"] })],
        edges: [["b", "a"]],
        durations: [2, 0],
      }),
    );
    expect(edgesOf(parsed)).toEqual(["b>a"]);
    expect([...parsed.durations]).toEqual([2, 0]);
    expect(parsed.tasks[0]).toEqual({
      id: "a",
      description: "does a",
      artifacts: { inputs: ["x"], outputs: [] },
    });
    expect(parsed.faults).toEqual([]);
  });

  test("without durations takes 1 a task; a task that names only what it takes, or only what it makes, does not say all", () => {
    const parsed = parseList(
      list({
        tasks: [task("a", { inputs: ["x"] }), task("b", { inputs: null, outputs: ["x"] })],
        durations: null,
      }),
    );
    expect([...parsed.durations]).toEqual([1, 1]);
    expect(parsed.tasks.map(({ artifacts }) => artifacts)).toEqual([null, null]);
  });

  test("loses edges that say nothing, and tells which", () => {
    const parsed = parseList(
      list({
        edges: [
          ["b", "b"],
          ["b", "a"],
          ["b", "a"],
        ],
      }),
    );
    expect(edgesOf(parsed)).toEqual(["b>a"]);
    expect(parsed.faults).toEqual([
      'edge 1, ["b","b"], joins a task to itself: left out',
      'edge 3, ["b","a"], is there twice: counted once',
    ]);
  });

  test("may call tasks what it likes", () => {
    const parsed = parseList(
      list({
        tasks: [task("NF:FIT (1)"), task("NF:FIT [1]"), task("__proto__")],
        edges: [["NF:FIT [1]", "NF:FIT (1)"]],
      }),
    );
    expect(edgesOf(parsed)).toEqual(["NF_FIT__1__2>NF_FIT__1_"]);
  });
});

test("ids that tasks may have stay, others are made safe, and no two become one", () => {
  const id = fc.oneof(
    fc.string({ minLength: 1, unit: "binary" }),
    fc.constantFrom("a b", "a_b", "a:b", "a_b_2", "."),
  );
  fc.assert(
    fc.property(fc.uniqueArray(id, { maxLength: 12 }), (ids) => {
      const safe = safeIds(ids);
      expect(new Set(safe).size).toBe(ids.length);
      safe.forEach((made, i) => {
        expect(idProblem(made)).toBeUndefined();
        if (idProblem(ids[i]) === undefined) expect(made).toBe(ids[i]);
      });
    }),
    cases({ ci: 300, deep: 30_000 }),
  );
  expect(safeIds(["x".repeat(500), "𝒳".repeat(500)]).map(idProblem)).toEqual([undefined, undefined]);
});

describe("the path of a name", () => {
  test.each([
    ["chr21.fa", "chr21.fa"],
    ["out/a+b [1].bam", "out/a%2b;b%20;%5b;1%5d;.bam"],
    ["$var1.short_name", "$var1/short_name"],
    ["$var1[0].name", "$var1/0%5d;.name"],
    ["*", "%2a;"],
    ["../up//./x", "%2e;%2e;/up/%;/%2e;/x"],
    ["", "%;"],
  ])("%j is %j", (name, path) => {
    expect(artifactPath(name)).toBe(path);
  });

  test("is another one for another name, and a glob for nothing else", () => {
    const name = fc.oneof(
      fc.string({ unit: "binary", maxLength: 6 }),
      fc.stringMatching(/^[a./%;2*{}\\]{0,6}$/),
    );
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 2 }), ([a, b]) => {
        expect(artifactPath(a!)).not.toBe(artifactPath(b!));
        expect(artifactPath(a!)).not.toMatch(/[*?[\]{}()!+@|\\]|(^|\/)(\.{0,2})(\/|$)/);
      }),
      cases({ ci: 300, deep: 30_000 }),
    );
  });
});

describe("a defect is told with its file and line, and with what was expected", () => {
  test.each([
    ["{", "expected a list as a JSON object in one line, got what is not JSON ("],
    ["hello", "expected a list as a JSON object in one line, got what is not JSON ("],
    ["[1]", "expected a list as a JSON object in one line, got [1]"],
    ["null", "expected a list as a JSON object in one line, got null"],
    ["{}", "expected `tasks` to be a list of one task or more, got undefined"],
    [list({ tasks: [] }), "expected `tasks` to be a list of one task or more, got []"],
    [
      list({ tasks: [task("a"), "b"] }),
      'expected task 2 to have an `id` and a `description`, both text, got "b"',
    ],
    [
      list({ tasks: [{ id: 1, description: "" }] }),
      "expected task 1 to have an `id` and a `description`, both text",
    ],
    [list({ tasks: [task("")] }), "expected task 1 to have an `id` and a `description`, both text"],
    [list({ tasks: [{ id: "a" }] }), "expected task 1 to have an `id` and a `description`, both text"],
    [
      list({ tasks: [task("a"), task("b"), task("a")] }),
      'expected ids of their own, but tasks 1 and 3 are both called "a"',
    ],
    [
      list({ tasks: [task("a", { inputs: "x" })] }),
      'expected `inputs` of task "a" to be a list of names, got "x"',
    ],
    [
      list({ tasks: [task("a", { outputs: [1] })] }),
      'expected `outputs` of task "a" to be a list of names, got [1]',
    ],
    [list({ edges: undefined }), "expected `edges` to be a list of pairs [from, to], got undefined"],
    [list({ edges: [["a", "b"], ["a"]] }), 'expected edge 2 to be a pair [from, to] of task ids, got ["a"]'],
    [
      list({ edges: [{ from: "a" }] }),
      'expected edge 1 to be a pair [from, to] of task ids, got {"from":"a"}',
    ],
    [
      list({ edges: [["a", "z"]] }),
      'expected edge 1 to join two tasks of the list, and there is no task "z"',
    ],
    [
      list({ edges: [["toString", "a"]] }),
      'expected edge 1 to join two tasks of the list, and there is no task "toString"',
    ],
    [
      list({
        edges: [
          ["a", "b"],
          ["b", "a"],
        ],
      }),
      'expected `edges` without a cycle, but tasks wait for each other: "a" -> "b" -> "a"',
    ],
    [
      list({ durations: [1] }),
      "expected `durations` to be a list of 2 numbers >= 0, one for each task, got [1]",
    ],
    [list({ durations: [1, -1] }), "expected `durations` to be a list of 2 numbers >= 0"],
    [list({ durations: [1, "2"] }), "expected `durations` to be a list of 2 numbers >= 0"],
    [list({ durations: { a: 1 } }), "expected `durations` to be a list of 2 numbers >= 0"],
  ])("%j", (line, problem) => {
    const set = file("set.jsonl", `${list({})}\n\n${line}\n`);
    expect(() => loadSets(set, () => {})).toThrow(`${set}: line 3: ${problem}`);
  });

  test("an empty file, a folder without sets and what is not there", () => {
    const empty = file("empty.jsonl", " \n\n");
    expect(() => loadSets(empty, () => {})).toThrow(
      `${empty}: expected a list in each line, got an empty file`,
    );
    const folder = dirname(file("papers/README.md", "# Sets"));
    expect(() => loadSets(folder, () => {})).toThrow(
      `${folder}: expected .jsonl files in this folder, found none`,
    );
    const gone = join(root, "gone");
    expect(() => loadSets(gone, () => {})).toThrow(`${gone}: there is no such file or folder`);
  });
});

test("a folder stands for its .jsonl files in order of name; faults are told with their place", () => {
  file("sets/b.jsonl", `\uFEFF${list({})}\r\n${list({ edges: [["a", "a"]] })}\r\n`);
  file("sets/a.jsonl", list({}));
  file("sets/README.md", "# Sets");
  const notes: string[] = [];
  const sets = loadSets(join(root, "sets"), (sentence) => notes.push(sentence));
  expect(sets.map(({ name, lists }) => [name, lists.length])).toEqual([
    ["a", 1],
    ["b", 2],
  ]);
  expect(notes).toEqual([
    `${join(root, "sets/b.jsonl")}: line 2: edge 1, ["a","a"], joins a task to itself: left out.`,
  ]);
});
