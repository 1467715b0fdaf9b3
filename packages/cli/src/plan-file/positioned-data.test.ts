import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DataPath, type PositionedData, readPositioned, type TextProblem } from "./positioned-data.ts";

function read(text: string): PositionedData {
  const result = readPositioned(text);
  if ("length" in result) throw new Error(`${text}: ${JSON.stringify(result)}`);
  return result;
}

/** `line:column problem` of each problem. */
function problems(text: string): readonly string[] {
  const result = readPositioned(text) as readonly TextProblem[];
  return result.map(({ position, problem }) => `${position.line}:${position.column} ${problem}`);
}

/** Every plain value of some data with the keys that lead to it. */
function leaves(value: unknown, path: DataPath = []): readonly (readonly [DataPath, unknown])[] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
  return keys.flatMap((key) => leaves((value as Record<string, unknown>)[key], [...path, key]));
}

describe("readPositioned", () => {
  it("reads any JSON as JSON does and knows where each value stands", () => {
    const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => typeof value === "object" && value !== null);
    fc.assert(
      fc.property(json, fc.constantFrom(0, 2, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const { data, positionOf } = read(text);
        expect(JSON.stringify(data)).toBe(JSON.stringify(JSON.parse(text)));
        const lines = text.split("\n");
        for (const [path, leaf] of leaves(value).filter(([, leaf]) => leaf !== null)) {
          const { line, column } = positionOf(path);
          expect(lines[line - 1]!.slice(column - 1).startsWith(JSON.stringify(leaf))).toBe(true);
        }
      }),
    );
  });

  it("reads YAML with anchors, merge keys, Windows line ends and a byte order mark", () => {
    const { data, positionOf, keyPositionOf } = read(
      "\uFEFFbase: &base\r\n  run: ls\r\ntasks:\r\n  - <<: *base\r\n    id: a\r\n  - *base\r\n",
    );
    expect(data).toMatchObject({ tasks: [{ run: "ls", id: "a" }, { run: "ls" }] });
    expect(positionOf(["tasks", 0, "id"])).toEqual({ line: 5, column: 9 });
    expect(keyPositionOf(["tasks", 0, "id"])).toEqual({ line: 5, column: 5 });
    expect(positionOf(["tasks", 1, "run"])).toEqual({ line: 2, column: 8 });
  });

  it("points at what is around a value that is not there", () => {
    const { positionOf } = read("tasks:\n  - id: a\n  - id:\n");
    expect(positionOf(["tasks", 0, "run"])).toEqual({ line: 2, column: 5 });
    expect(positionOf(["tasks", 1, "id"])).toEqual({ line: 3, column: 5 });
    expect(positionOf(["tasks", 9])).toEqual({ line: 2, column: 3 });
    expect(positionOf(["nothing"])).toEqual({ line: 1, column: 1 });
  });

  it("knows how a plain value was written", () => {
    const { sourceOf } = read("a: 2.50\nb: [yes, ~]\nc: {}\n");
    expect([["a"], ["b", 1], ["c"], ["d"]].map(sourceOf)).toEqual(["2.50", "~", null, null]);
  });

  it("keeps keys that are special to JavaScript", () => {
    const { data } = read("__proto__: 1\nconstructor: 2\n");
    expect(Object.keys(data as object)).toEqual(["__proto__", "constructor"]);
  });

  it.each([
    ["a: 1\nb: 2\na: 3\n", "3:1 the key a stands here a second time; keep one of the two"],
    ['{"a": 1, "a": 2}', '1:10 the key "a" stands here a second time; keep one of the two'],
    ["tasks:\n\t- id: a\n", "2:1 a tab cannot indent in YAML; use spaces"],
    ["run: echo a: b\n", '1:6 a text with ": " in it must stand in quotes'],
    ["a: 1\n---\nb: 2\n", "2:1 a second document begins here; a plan is one"],
    ["a: !env HOME\n", "1:4 the tag !env is not known; remove it, or put the text in quotes"],
    ["a: *x\n", "1:4 the alias *x has no anchor &x before it"],
    ["a: &x [*x]\n", "1:8 the alias *x stands inside of what it repeats"],
    ["? {a: 1}\n: 2\n", "1:3 a key must be a plain text"],
  ])("says of %j what is wrong, and where", (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  it("says of other broken text that it is no YAML, and lists all problems in order", () => {
    expect(problems("a: [1\nb: 2\n")[0]).toMatch(/^2:1 this is not YAML: /);
    expect(problems("b: 1\na: 1\na: 2\nb: 3\n").map((line) => line.slice(0, 3))).toEqual(["3:1", "4:1"]);
  });

  it("refuses a small text that would become a huge one", () => {
    const lines = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const [name, before] of ["ba", "cb", "dc", "ed"]) {
      lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`);
    }
    expect(problems(lines.join("\n"))).toEqual(["1:1 its aliases repeat too much; write the parts out"]);
  });
});
