import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@sheaf/testkit";
import { describe, expect, test } from "vitest";
import { executeWithParallelism, planRun } from "../index.ts";
import { OPTIONS } from "../run-rig.ts";
import { correctionsFile, keepCorrections, readCorrections, toCorrections } from "./corrections-file.ts";
import { readStatements, sayStatement } from "./statement.ts";

const tasks = [
  { id: "a", run: "echo 1 > x", reads: [], writes: ["x"] },
  { id: "b", run: "cat x > y", reads: ["x"], writes: ["y"] },
  { id: "c", run: "cat y > z", reads: ["y"], writes: ["z"] },
];

const WRONG = "b is free of a\nc is free of b\nc needs a # corrected by you\r\n\n  nonsense\n";

const isOdd = ({ part }: { readonly part: string }): boolean => part === "corrections";

describe("corrections that are kept with a directory", () => {
  test("hold for plans and runs, and when they are wrong the run leaves what it must all the same", async () => {
    using place = tempDir({ ".sheaf/edges.txt": WRONG });
    const { plan, fallbacks } = await planRun({ dir: place.path, tasks }, undefined, OPTIONS);
    expect(plan.graph.edges.map(({ from, to, source }) => `${from}-${to} ${source}`)).toEqual([
      "a-c corrected",
    ]);
    expect(fallbacks.filter(isOdd)).toEqual([
      { part: "corrections", reason: expect.stringMatching(/edges\.txt:5: expected .*, got "nonsense"\.$/) },
    ]);
    const run = executeWithParallelism({ dir: place.path, tasks }, undefined, OPTIONS);
    const report = await run;
    expect(report.guarantee.level).toBe("serial-equivalent");
    expect(readFileSync(join(place.path, "z"), "utf8")).toBe("1\n");
    expect((await run.plan).graph.edges).toEqual(plan.graph.edges);
  });

  test("hold for a run that has failed and is gone on with", async () => {
    using place = tempDir({ ".sheaf/edges.txt": "d needs c\nb is free of a\n" });
    using elsewhere = tempDir({});
    const open = join(elsewhere.path, "open");
    const list = [
      ...tasks.slice(0, 2),
      { id: "c", run: `test -e '${open}' && echo 2 > c`, reads: [], writes: ["c"] },
      { id: "d", run: "echo 3 > d", reads: [], writes: ["d"] },
    ];
    const session = async () => {
      const options = { ...OPTIONS, runId: "mine", onFailure: "stop" } as const;
      const run = executeWithParallelism({ dir: place.path, tasks: list }, undefined, options);
      const moments: string[] = [];
      for await (const event of run)
        if (event.type === "attempt.started" || event.type === "attempt.finished")
          moments.push(`${event.taskId} ${event.type.slice("attempt.".length)}`);
      const edges = (await run.plan).graph.edges.map(({ from, to, source }) => `${from}-${to} ${source}`);
      return { report: await run, edges, moments };
    };
    const first = await session();
    expect(first.report.status).toBe("failed");
    expect(first.moments).not.toContain("d started");
    writeFileSync(open, "");
    const second = await session();
    expect(second.report.status).toBe("succeeded");
    expect(second.edges).toEqual(["c-d corrected"]);
    expect(second.moments.slice(-4)).toEqual(["c started", "c finished", "d started", "d finished"]);
    expect(["y", "c", "d"].map((name) => readFileSync(join(place.path, name), "utf8"))).toEqual([
      ...["1\n", "2\n", "3\n"],
    ]);
  });

  test("count for nothing where they cannot be read, and the run says so", async () => {
    using place = tempDir({});
    mkdirSync(join(place.path, ".sheaf", "edges.txt"), { recursive: true });
    const { plan, fallbacks } = await planRun({ dir: place.path, tasks }, undefined, OPTIONS);
    expect(plan.graph.edges).toHaveLength(2);
    expect(fallbacks.filter(isOdd)[0]!.reason).toMatch(/edges\.txt cannot be read \(EISDIR\)\.$/);
    expect(() => keepCorrections(join(place.path, ".sheaf"), { added: [], removed: [] })).toThrow(
      /edges\.txt cannot be written/,
    );
    expect(readdirSync(join(place.path, ".sheaf"))).toEqual(["edges.txt"]);
  });

  test("are read as they are kept, and a new one takes the place of its contrary", () => {
    using place = tempDir({});
    const dir = join(place.path, "state");
    const { statements } = readStatements("b needs a\nc is free of b\nc leaves its place\n", "f");
    const added = Array.from(statements.values(), ({ statement }) => statement);
    keepCorrections(dir, { added, removed: [] });
    expect(toCorrections(readCorrections(dir).statements)).toEqual({
      needs: [{ from: "a", to: "b" }],
      free: [{ from: "b", to: "c" }],
      released: ["c"],
    });
    keepCorrections(dir, { added: [{ kind: "free", task: "b", on: "a" }], removed: [added[2]!] });
    expect(readCorrections(dir).statements.map(sayStatement)).toEqual(["b is free of a", "c is free of b"]);
    writeFileSync(correctionsFile(dir), "b needs a\nb is free of a\n");
    expect(readCorrections(dir).problems).toEqual([
      expect.stringMatching(/:2: expected one of the two: line 1 says `b needs a`, got "b is free of a"\.$/),
    ]);
    expect(toCorrections(readCorrections(null).statements).needs).toEqual([]);
  });
});
