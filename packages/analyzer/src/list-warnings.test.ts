import { type Task, type TaskSpec, taskId } from "@sheaf/core";
import { describe, expect, it } from "vitest";
import { type ListWarningsRequest, listWarnings } from "./list-warnings.ts";

const warningsOf = (
  specs: Readonly<Record<string, Omit<TaskSpec, "id">>>,
  rest: Omit<ListWarningsRequest, "tasks"> = { exists: () => false },
): readonly string[] =>
  listWarnings({
    tasks: Object.entries(specs).map(([id, each]) => ({ ...each, id: taskId(id) }) as Task),
    ...rest,
  });

describe("listWarnings", () => {
  const late = { plot: { reads: ["./out/fit.txt"] }, other: {}, fit: { writes: ["out"] } };

  it("tells who reads what only a later task makes, and how to mend it", () => {
    expect(warningsOf(late)).toEqual([
      'Task plot reads ./out/fit.txt, which is not there, and fit, which writes it, comes after it in the list. Move fit before plot, let plot declare dependsOn: [fit], or set the option order to "free".',
    ]);
  });

  it("finds nothing wrong where the file is there, is made earlier, or is the task's own", () => {
    expect(warningsOf(late, { exists: (path) => path === "out/fit.txt" })).toEqual([]);
    expect(warningsOf(late, {})).toEqual([]);
    expect(warningsOf({ first: { writes: ["out/*.txt"] }, ...late })).toEqual([]);
    expect(warningsOf({ adds: { reads: ["log"], writes: ["log"] }, too: { writes: ["log"] } })).toEqual([]);
    expect(warningsOf({ all: { reads: ["out/*", "**"] }, fit: { writes: ["out/fit.txt"] } })).toEqual([]);
    expect(warningsOf({ nobody: { reads: ["x"] } })).toEqual([]);
  });

  it("tells which tasks that are declared to be independent write the same file", () => {
    const independent = {
      a: { dependsOn: [], writes: ["src/app.ts"] },
      b: { dependsOn: [], writes: ["src/app.ts", "b.ts"] },
      c: { dependsOn: [], writes: ["src"] },
      d: { dependsOn: [], writes: ["d.ts"] },
    };
    expect(warningsOf(independent)).toEqual([
      "The tasks a, b, c are declared to be independent, but all of them write src/app.ts, so they run one after another. Let them write different files, or declare their order by dependsOn.",
    ]);
  });

  it("leaves tasks alone whose order is declared, over others too, and those that declare none", () => {
    const x = ["x"];
    const chain = {
      a: { writes: x },
      b: { dependsOn: ["a"] },
      c: { dependsOn: ["b"], writes: x },
      d: { dependsOn: ["c", "a"], writes: x },
    };
    expect(warningsOf(chain)).toEqual([]);
    expect(warningsOf({ ...chain, e: { writes: x } })).toHaveLength(1);
    expect(warningsOf({ a: { writes: x }, b: { writes: x } })).toEqual([]);
    const logs = { a: { dependsOn: [], writes: x }, b: { dependsOn: [], writes: x } };
    expect(warningsOf(logs, { isAppended: (glob) => glob === "x" })).toEqual([]);
  });

  it("keeps a long list of faults short", () => {
    const many = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `t${i}`,
        i < 30 ? { reads: [`f${i}`] } : { writes: [`f${i - 30}`] },
      ]),
    );
    const found = warningsOf(many);
    expect(found).toHaveLength(21);
    expect(found[20]).toBe("10 more such warnings are left out.");
  });

  it("looks through ten thousand tasks at once", () => {
    const chain = Array.from({ length: 10_000 }, (_, i): [string, Omit<TaskSpec, "id">] => [
      `t${i}`,
      { reads: [`out/${i - 1}`], writes: [`out/${i}`, "log"], dependsOn: i === 0 ? [] : [`t${i - 1}`] },
    ]);
    expect(warningsOf(Object.fromEntries(chain))).toEqual([]);
    const crowd = chain.map(([id], i): [string, Omit<TaskSpec, "id">] => [
      id,
      { reads: ["log", `f${i}`], writes: ["log"] },
    ]);
    expect(warningsOf(Object.fromEntries(crowd))).toEqual([]);
  });
});
