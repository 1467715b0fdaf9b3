import { type Task, type TaskSpec, taskId } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileEdges } from "./files.ts";
import { globsOverlap } from "./globs-overlap.ts";

type Files = Pick<TaskSpec, "reads" | "writes">;

const listOf = (...tasks: Files[]): Task[] => tasks.map((files, i) => ({ ...files, id: taskId(`t${i}`) }));

const found = (...tasks: Files[]): string[] =>
  fileEdges(listOf(...tasks)).map(({ from, to, kind, evidence }) => `${from}-${to} ${kind}: ${evidence}`);

describe("fileEdges", () => {
  it("puts a reader after the last writer, and the next writer after both", () => {
    const path = ["data/a.csv"];
    expect(
      found({ writes: path }, { reads: path }, { reads: path }, { writes: path }, { reads: path }),
    ).toEqual([
      "t0-t1 file: writes data/a.csv, read as data/a.csv",
      "t0-t2 file: writes data/a.csv, read as data/a.csv",
      "t0-t3 order: writes data/a.csv, written again as data/a.csv",
      "t2-t3 order: reads data/a.csv, written later as data/a.csv",
      "t1-t3 order: reads data/a.csv, written later as data/a.csv",
      "t3-t4 file: writes data/a.csv, read as data/a.csv",
    ]);
  });

  it("leaves those that only add free of each other, but not of who reads or writes the whole", () => {
    const log = ["log"];
    const tasks = listOf({ reads: log }, { writes: log }, { writes: log }, { reads: log }, { writes: ["*"] });
    const edges = fileEdges(tasks, (glob) => glob === "log").map(({ from, to }) => `${from}-${to}`);
    expect(edges.sort()).toEqual(["t0-t1", "t0-t2", "t0-t4", "t1-t3", "t1-t4", "t2-t3", "t2-t4", "t3-t4"]);
  });

  it("leaves readers of one file free of each other", () => {
    expect(found({ reads: ["x"] }, { reads: ["x"] }, { reads: ["**"] })).toEqual([]);
  });

  it("meets globs, folders and paths", () => {
    expect(found({ writes: ["./data/"] }, { reads: ["data/x/*.csv"] }, { writes: ["data/x/1.csv"] })).toEqual(
      [
        "t0-t1 file: writes ./data/, read as data/x/*.csv",
        "t0-t2 order: writes ./data/, written again as data/x/1.csv",
        "t1-t2 order: reads data/x/*.csv, written later as data/x/1.csv",
      ],
    );
    expect(found({ writes: ["data/*.csv"] }, { reads: ["data/*.json"] })).toEqual([]);
    expect(found({ writes: ["out/a.png"] }, { reads: ["out"] })).toHaveLength(1);
  });

  it("names the strongest meeting of two tasks and counts the rest of its kind", () => {
    const both = { reads: ["a", "b"], writes: ["a", "b"] };
    expect(found(both, both)).toEqual(["t0-t1 file: writes a, read as a and 1 more"]);
  });

  it("needs no edge of a task to itself and looks at half a declaration too", () => {
    expect(found({ reads: ["x"], writes: ["x"] })).toEqual([]);
    expect(found({ writes: ["constructor"] }, { reads: ["constructor"] })).toHaveLength(1);
  });

  it("keeps the number of edges linear for a path that everybody reads and writes", () => {
    const shared = Array.from({ length: 300 }, () => ({ reads: ["log"], writes: ["log"] }));
    expect(found(...shared)).toHaveLength(299);
    const folder = Array.from({ length: 300 }, (_, i) => ({ reads: ["**"], writes: [`out/${i}`] }));
    expect(found(...folder).length).toBeLessThan(300 * 17);
  });

  it("puts the reader of a folder after every one of its writers, however many they are", () => {
    const writers = Array.from({ length: 100 }, (_, i) => ({ writes: [`out/${i}`] }));
    expect(found(...writers, { reads: ["out"] })).toHaveLength(100);
  });

  const glob = fc.constantFrom(
    "a",
    "b",
    "a/b",
    "a/*",
    "*",
    "**",
    "a/**/c",
    "**/c",
    "a/b/c",
    "?/b",
    "b/c",
    "a/b*",
  );
  const globs = fc.array(glob, { maxLength: 2 });
  const lists = fc.array(fc.record({ reads: globs, writes: globs }), { maxLength: 12 });
  const added = fc.subarray(["a", "a/b", "a/*", "**"]);

  it("orders all that clash, with no edge between tasks that do not", () => {
    fc.assert(
      fc.property(lists, added, (specs, appended) => {
        const edges = fileEdges(listOf(...specs), (glob) => appended.includes(glob)).map(
          ({ from, to }) => [placeOf(from), placeOf(to)] as const,
        );
        for (const [from, to] of edges) expect(clash(specs[from]!, specs[to]!, appended)).toBe(true);
        expect(closure(specs.length, edges)).toEqual(closure(specs.length, allClashes(specs, appended)));
      }),
      cases({ ci: 500, deep: 5_000 }),
    );
  });

  it("loses no order where it leaves out what other edges imply", () => {
    const long = fc.array(fc.record({ reads: globs, writes: globs }), { minLength: 60, maxLength: 90 });
    fc.assert(
      fc.property(long, added, (specs, appended) => {
        const edges = fileEdges(listOf(...specs), (glob) => appended.includes(glob)).map(
          ({ from, to }) => [placeOf(from), placeOf(to)] as const,
        );
        expect(closure(specs.length, edges)).toEqual(closure(specs.length, allClashes(specs, appended)));
      }),
      cases({ ci: 30, deep: 300 }),
    );
  }, 60_000);
});

// The model: every pair compared, then everything that follows from it.
type Pair = readonly [number, number];

const placeOf = (id: string): number => Number(id.slice(1));

const meet = (a: readonly string[] = [], b: readonly string[] = []): boolean =>
  a.some((x) => b.some((y) => globsOverlap(x, y)));

// Two writes that both only add do not meet.
const meetInWrites = (
  a: readonly string[] = [],
  b: readonly string[] = [],
  appended: readonly string[],
): boolean =>
  a.some((x) => b.some((y) => !(appended.includes(x) && appended.includes(y)) && globsOverlap(x, y)));

const clash = (a: Files, b: Files, appended: readonly string[]): boolean =>
  meet(a.writes, b.reads) || meetInWrites(a.writes, b.writes, appended) || meet(a.reads, b.writes);

const allClashes = (specs: readonly Files[], appended: readonly string[]): Pair[] =>
  specs.flatMap((to, j) =>
    specs.slice(0, j).flatMap((from, i): Pair[] => (clash(from, to, appended) ? [[i, j]] : [])),
  );

function closure(size: number, edges: readonly Pair[]): number[][] {
  const before = Array.from({ length: size }, () => new Set<number>());
  for (const [from, to] of [...edges].sort((a, b) => a[1] - b[1])) {
    before[to]!.add(from);
    for (const earlier of before[from]!) before[to]!.add(earlier);
  }
  return before.map((set) => [...set].sort((a, b) => a - b));
}
