// Tasks that an earlier run has done: left out where nothing that they saw has changed, and done where something has.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent, TaskSpec } from "@sheaf/core";
import { executeWithParallelism, type RunOptions, type RunReport } from "@sheaf/engine";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { scripted } from "./fixtures/scripted.ts";

let place: TempDir;
let home: TempDir;
beforeEach(() => {
  place = tempDir();
  home = tempDir();
});
afterEach(() => {
  place[Symbol.dispose]();
  home[Symbol.dispose]();
});

const at = (path: string): string => join(place.path, path);
const left = (): readonly string[] => readTree(place.path).filter((line) => !line.startsWith(".sheaf"));
const copies = (id: string, from: readonly string[], to: string): TaskSpec => ({ id, input: { from, to } });

const TASKS: readonly TaskSpec[] = [
  copies("a", ["in"], "a.out"),
  copies("b", ["a.out"], "b.out"),
  copies("c", ["other"], "c.out"),
  { id: "d", run: "cat b.out c.out > d.out; echo done", reads: ["b.out", "c.out"], writes: ["d.out"] },
];

async function run(tasks: readonly TaskSpec[] = TASKS, options: RunOptions = {}) {
  const handle = executeWithParallelism({ dir: place.path, tasks }, scripted, {
    ...{ useLlmDeps: false, env: {}, maxWorkers: 3, memo: true, validate: true },
    ...options,
  });
  const events: RunEvent[] = [];
  for await (const event of handle) events.push(event);
  return { report: await handle, events };
}

const reused = (report: RunReport): string => report.order.filter((id) => report.tasks[id]!.reused).join(" ");

describe("a second run", () => {
  beforeEach(() => writeFiles(place.path, { in: "0", other: "1" }));

  test("leaves everything out, and leaves the same files and outputs", async () => {
    const first = await run();
    const files = left();
    for (const path of ["a.out", "b.out", "c.out", "d.out"]) rmSync(at(path));
    const second = await run();
    expect(reused(second.report)).toBe("a b c d");
    expect(left()).toEqual(files);
    expect(second.report.unwrap()).toEqual(first.report.unwrap());
    expect(second.events.some(({ type }) => type === "attempt.started")).toBe(false);
  });

  test("does again what saw a change, and what that one feeds", async () => {
    await run();
    writeFileSync(at("in"), "changed");
    const { report } = await run();
    expect(reused(report)).toBe("c");
    expect(readFileSync(at("d.out"), "utf8")).toBe("changed>a>b1>c");
    writeFileSync(at("in"), "0");
    // What a command may write it is shown, too, and d.out is another file now.
    expect(reused((await run()).report)).toBe("a b c");
  });

  test("does again what it is asked to do otherwise", async () => {
    await run();
    const { report } = await run(
      TASKS.map((task) => (task.id === "c" ? copies("c", ["in"], "c.out") : task)),
    );
    expect(reused(report)).toBe("a b");
  });

  test("does again what has effects, is a plain function, or does not ask for it", async () => {
    const tasks: readonly TaskSpec[] = [
      { id: "effect", run: "echo 1", reads: [], writes: [], effects: ["api:x"] },
      { id: "unasked", run: "echo 2", reads: [], writes: [], memo: false },
      { id: "unwatched", run: "echo 3" },
      { id: "asked", run: "echo 4", reads: [], writes: [] },
    ];
    await run(tasks);
    expect(reused((await run(tasks)).report)).toBe("asked");
    const plain = { dir: place.path, tasks: [{ id: "x", reads: [], writes: [] }] };
    await executeWithParallelism(plain, () => 1, { env: {}, memo: true });
    expect(reused(await executeWithParallelism(plain, () => 1, { env: {}, memo: true }))).toBe("");
  });

  test("does again what lost its bytes, and takes no harm from a damaged entry", async () => {
    await run();
    for (const line of readTree(at(".sheaf/memo/objects"))) {
      const [path, kind] = line.split(" ");
      if (kind === "file") writeFileSync(at(`.sheaf/memo/objects/${path}`), "x");
    }
    rmSync(at(".sheaf/memo/objects"), { recursive: true });
    expect(reused((await run()).report)).toBe("");
  });
});

test("directories that share a store share what was done, and the bill says what that saved", async () => {
  const tasks = [{ id: "x", input: { from: ["in"], to: "out", costUsd: 0.5 } }];
  using other = tempDir({ in: "0" });
  writeFiles(place.path, { in: "0" });
  const options: RunOptions = { ...{ env: {}, memo: true, useLlmDeps: false }, memoStore: home.path };
  const first = await executeWithParallelism({ dir: place.path, tasks }, scripted, options);
  expect([first.cost.totalUsd, first.cost.avoided.memoSavedUsd]).toEqual([0.5, 0]);
  const second = await executeWithParallelism({ dir: other.path, tasks }, scripted, options);
  expect([second.cost.totalUsd, second.cost.avoided.memoSavedUsd]).toEqual([0, 0.5]);
  expect(readFileSync(join(other.path, "out"), "utf8")).toBe("0>x");
});
