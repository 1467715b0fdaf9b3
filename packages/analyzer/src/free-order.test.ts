import { type Task, type TaskSpec, taskId } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freeOrder } from "./free-order.ts";
import { globsOverlap } from "./globs-overlap.ts";

type Files = Pick<TaskSpec, "reads" | "writes">;

const listOf = (files: Readonly<Record<string, Files>>): Task[] =>
  Object.entries(files).map(([id, each]) => ({ ...each, id: taskId(id) }));

const orderOf = (
  files: Readonly<Record<string, Files>>,
  before: readonly (readonly [number, number])[] = [],
) => freeOrder(listOf(files), before).tasks.map(({ id }) => id as string);

describe("freeOrder", () => {
  it("puts whoever reads a file after whoever makes it, and leaves the rest where it is", () => {
    const files = {
      plot: { reads: ["fit.txt"], writes: ["plot.png"] },
      notes: {},
      fit: { reads: ["data"], writes: ["fit.txt"] },
      fetch: { writes: ["./data/a.csv"] },
      last: {},
    };
    expect(orderOf(files)).toEqual(["notes", "fetch", "fit", "plot", "last"]);
    expect(freeOrder(listOf(files)).warnings).toEqual([]);
  });

  it("puts who changes a file between who makes it and who reads it", () => {
    const files = {
      read: { reads: ["log"] },
      second: { reads: ["log"], writes: ["log", "x"] },
      third: { reads: ["log", "x"], writes: ["log"] },
      make: { writes: ["log"] },
    };
    expect(orderOf(files)).toEqual(["make", "second", "third", "read"]);
  });

  it("follows other files where several change the same one", () => {
    const files = {
      second: { reads: ["notes.md", "x"], writes: ["notes.md"] },
      first: { reads: ["notes.md"], writes: ["notes.md", "x"] },
    };
    expect(orderOf(files)).toEqual(["first", "second"]);
    expect(freeOrder(listOf(files)).warnings).toEqual([]);
  });

  it("keeps list order where files leave none, and says so", () => {
    const files = {
      after: { reads: ["c"] },
      a: { reads: ["x"], writes: ["y"] },
      b: { reads: ["y"], writes: ["z"] },
      c: { reads: ["z"], writes: ["x", "c"] },
      before: { writes: ["x"] },
    };
    const { tasks, warnings } = freeOrder(listOf(files));
    expect(tasks.map(({ id }) => id as string)).toEqual(["before", "a", "b", "c", "after"]);
    expect(warnings).toEqual([
      "The files that a, b, c read and write call for an order that goes in a circle, so these tasks stay in list order. Declare `dependsOn`, or let one of them write another file.",
    ]);
  });

  it("holds to what is said beside the files", () => {
    const files = { plot: { reads: ["fit.txt"] }, first: {}, fit: { writes: ["fit.txt"] } };
    expect(orderOf(files, [[1, 2]])).toEqual(["first", "fit", "plot"]);
    expect(orderOf(files, [[0, 2]])).toEqual(["plot", "fit", "first"]);
  });

  // Single files, so that the model needs no globs.
  const names = ["a", "b", "c", "d", "e"];
  const some = fc.subarray(names, { maxLength: 2 });
  const lists = fc.array(fc.record({ reads: some, writes: some }), { minLength: 1, maxLength: 8 });

  /** By definition: does `later` have to wait for `earlier`? */
  function waits(earlier: Files, later: Files): boolean {
    return names.some((name) => {
      const [makes, reads] = [earlier.writes!.includes(name), later.reads!.includes(name)];
      return makes && reads && !(earlier.reads!.includes(name) && later.writes!.includes(name));
    });
  }

  it("equals its definition on random files", () => {
    let cyclic = 0;
    fc.assert(
      fc.property(lists, (files) => {
        const tasks = files.map((each, i): Task => ({ ...each, id: taskId(`t${i}`) }));
        const { tasks: ordered, warnings } = freeOrder(tasks);
        if (warnings.length > 0) {
          cyclic += 1;
          expect([...ordered].sort((a, b) => tasks.indexOf(a) - tasks.indexOf(b))).toEqual(tasks);
          return;
        }
        const left = new Set(tasks);
        const expected: Task[] = [];
        while (left.size > 0) {
          const next = [...left].find((task) => ![...left].some((one) => one !== task && waits(one, task)))!;
          left.delete(next);
          expected.push(next);
        }
        expect(ordered).toEqual(expected);
      }),
      cases({ ci: 500, deep: 10_000 }),
    );
    expect(cyclic).toBeGreaterThan(0);
  });

  it("puts writers before readers whatever their globs", () => {
    const glob = fc.constantFrom("a", "a/b", "a/*.csv", "a/x.csv", "**/x.csv", "b", "b/**");
    const pair = fc.tuple(fc.array(glob, { maxLength: 3 }), fc.array(glob, { maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(pair, { minLength: 2, maxLength: 8 }), (pairs) => {
        // Who reads comes first in the list, so that every meeting is against it.
        const tasks = [
          ...pairs.map(([reads], i): Task => ({ id: taskId(`r${i}`), reads })),
          ...pairs.map(([, writes], i): Task => ({ id: taskId(`w${i}`), writes })),
        ];
        const places = new Map(freeOrder(tasks).tasks.map(({ id }, place) => [id as string, place]));
        for (const { id: reader, reads = [] } of tasks) {
          for (const { id: writer, writes = [] } of tasks) {
            if (!reads.some((a) => writes.some((b) => globsOverlap(a, b)))) continue;
            expect(places.get(writer)!).toBeLessThan(places.get(reader)!);
          }
        }
      }),
      cases({ ci: 300, deep: 3_000 }),
    );
  });

  it("orders ten thousand tasks at once, whether they share nothing or all", () => {
    const count = 10_000;
    const chain = Array.from(
      { length: count },
      (_, i): Task => ({
        id: taskId(`t${i}`),
        reads: [`out/${i + 1}`],
        writes: [`out/${i}`],
      }),
    );
    expect(freeOrder(chain).tasks[0]!.id).toBe(`t${count - 1}`);
    const crowd = Array.from(
      { length: count },
      (_, i): Task => ({
        id: taskId(`t${i}`),
        ...(i % 2 === 0 ? { reads: ["logs/**"] } : { writes: ["logs/**", `logs/${i}`] }),
      }),
    );
    expect(freeOrder(crowd).tasks[0]!.id).toBe("t1");
  });
});
