// Tasks that declare nothing and are watched: they run side by side, and what they read decides what runs again.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TaskSpec } from "@sheaf/core";
import { executeWithParallelism, planRun, type RunOptions } from "@sheaf/engine";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { trackShim } from "@sheaf/workdir";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { scripted } from "./fixtures/scripted.ts";

let place: TempDir;
beforeEach(() => {
  place = tempDir();
});
afterEach(() => place[Symbol.dispose]());

const at = (path: string): string => join(place.path, path);
const left = (): readonly string[] => readTree(place.path).filter((line) => !line.startsWith(".sheaf"));

const run = (tasks: readonly TaskSpec[], options: RunOptions = {}) =>
  executeWithParallelism({ dir: place.path, tasks }, scripted, {
    ...{ useLlmDeps: false, env: {}, maxWorkers: 3, mode: "parallel", validate: true },
    ...options,
  });

/** Reads some files, writes what it read and its own name into another. */
const copies = (id: string, from: readonly string[], to: string): TaskSpec => ({ id, input: { from, to } });

describe.each(["thread", "process"] as const)("agents in a %s that declare nothing", (executor) => {
  test("run side by side; who read what an earlier one wrote runs again, and the others do not", async () => {
    writeFiles(place.path, { in: "0" });
    const tasks = [
      copies("a", ["in"], "a.out"),
      copies("b", ["a.out"], "b.out"),
      copies("c", ["in"], "c.out"),
    ];
    const report = await run(tasks, { executor });
    expect(report.unwrap()).toEqual({ a: "0>a", b: "0>a>b", c: "0>c" });
    expect(report.tasks.c!.conflicts).toBe(0);
    expect(report.guarantee.level).toBe("serial-equivalent");
  });

  test("in the next run wait for what they need, and for nothing else", async () => {
    writeFiles(place.path, { in: "0" });
    const tasks = [
      copies("a", ["in"], "a.out"),
      copies("b", ["a.out"], "b.out"),
      copies("c", ["in"], "c.out"),
    ];
    await run(tasks, { executor });
    const second = run(tasks, { executor, mode: "auto" });
    const { graph } = await second.plan;
    expect(graph.edges.map(({ from, to, source }) => `${from}-${to} ${source}`)).toEqual(["a-b learned"]);
    const report = await second;
    expect(report.order.map((id) => report.tasks[id]!.conflicts)).toEqual([0, 0, 0]);
  });

  test("a file that was looked for in vain counts as read", async () => {
    const tasks: TaskSpec[] = [
      { id: "maker", input: { from: [], to: "flag" } },
      { id: "prober", input: { exists: "flag", to: "seen" } },
    ];
    const report = await run(tasks, { executor });
    expect(report.unwrap().prober).toBe("true");
    expect(readFileSync(at("seen"), "utf8")).toBe("true");
  });

  test("one that declares its reads is told what else it looked for", async () => {
    writeFiles(place.path, { in: "0", other: "1", gone: "" });
    const task: TaskSpec = {
      ...copies("a", ["in", "other", "nowhere"], "a.out"),
      reads: ["in"],
      writes: ["a.out"],
    };
    const handle = run([task], { executor });
    const told: string[] = [];
    for await (const event of handle) if (event.type === "run.fallback") told.push(event.reason);
    expect(told).toEqual([
      'Task "a" looked for what it does not declare in `reads` and so was not shown: other.',
    ]);
    expect((await handle).unwrap().a).toBe("0>none>none>a");
  });

  test("one that starts a program counts as having read everything", async () => {
    writeFiles(place.path, { in: "0" });
    const tasks: TaskSpec[] = [
      copies("a", ["in"], "a.out"),
      { id: "b", input: { shell: "cat a.out", to: "b.out" } },
    ];
    const report = await run(tasks, { executor });
    expect(report.unwrap().b).toBe("0>a");
  });
});

const shim = await trackShim();

describe.skipIf("missing" in shim)("commands that declare nothing, with their programs watched", () => {
  const commands: readonly TaskSpec[] = [
    { id: "a", run: "cat in > a.out; echo a >> a.out" },
    { id: "b", run: "cat a.out > b.out 2>/dev/null || echo none > b.out" },
    { id: "c", run: "test -e b.out && echo yes > c.out || echo no > c.out" },
    { id: "d", run: "cat in > d.out" },
  ];

  test("leave what running them in order leaves, and learn what they need", async () => {
    writeFiles(place.path, { in: "0\n" });
    const report = await run(commands, { trackSubprocesses: true });
    report.unwrap();
    expect(left()).toEqual([
      'a.out file 644 "0\\na\\n"',
      'b.out file 644 "0\\na\\n"',
      'c.out file 644 "yes\\n"',
      'd.out file 644 "0\\n"',
      'in file 644 "0\\n"',
    ]);
    const second = run(commands, { trackSubprocesses: true, mode: "auto" });
    const edges = (await second.plan).graph.edges.map(({ from, to, source }) => `${from}-${to} ${source}`);
    expect(edges).toEqual(["a-b learned", "b-c learned"]);
    expect((await second).tasks.d!.conflicts).toBe(0);
  });

  test("are planned as they are run", async () => {
    const tasks = commands.map((task) => ({ ...task, dependsOn: [] }));
    const bound = async (options: RunOptions): Promise<number> => {
      const spec = { dir: place.path, tasks };
      return (await planRun(spec, undefined, { env: {}, maxWorkers: 4, ...options })).plan.speedupBound;
    };
    expect(await bound({ trackSubprocesses: true })).toBe(4);
    expect(await bound({})).toBe(1);
  });

  test("without that they wait for their turn, as before", async () => {
    writeFileSync(at("in"), "0\n");
    const report = await run(commands);
    expect(report.order.map((id) => report.tasks[id]!.conflicts)).toEqual([0, 0, 0, 0]);
  });
});
