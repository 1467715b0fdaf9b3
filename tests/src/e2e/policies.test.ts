// Policies in runs: what tasks add, what is their own, and conflicts that are settled otherwise than by running again.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventOf, RunEvent, TaskSpec } from "@sheaf/core";
import { type Agent, executeWithParallelism, type RunOptions } from "@sheaf/engine";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { probeOverlay, trackShim } from "@sheaf/workdir";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let place: TempDir;
let beside: TempDir;
beforeEach(() => {
  place = tempDir();
  beside = tempDir();
});
afterEach(() => {
  place[Symbol.dispose]();
  beside[Symbol.dispose]();
});

const at = (path: string): string => join(place.path, path);
const text = (path: string): string => readFileSync(at(path), "utf8");
const left = (): readonly string[] => readTree(place.path).filter((line) => !line.startsWith(".sheaf"));

async function run(tasks: readonly TaskSpec[], options: RunOptions, agent?: Agent) {
  const settings = { useLlmDeps: false, env: {}, maxWorkers: 3, mode: "parallel", validate: true } as const;
  const handle = executeWithParallelism({ dir: place.path, tasks }, agent, { ...settings, ...options });
  const events: RunEvent[] = [];
  for await (const event of handle) events.push(event);
  const report = await handle;
  const conflicts = report.order.map((id) => report.tasks[id]!.conflicts);
  return { report, events, conflicts };
}

/** Commands that all start before the first of them ends: each leaves a sign beside the directory, and waits for all. */
function together(scripts: Readonly<Record<string, string>>): readonly TaskSpec[] {
  const signs = Object.keys(scripts).map((id) => join(beside.path, id));
  const wait = signs.map((sign) => `until [ -e ${sign} ]; do sleep 0.01; done`).join("; ");
  return Object.entries(scripts).map(([id, script]) => ({
    id,
    run: `${script}; : > ${join(beside.path, id)}; ${wait}`,
  }));
}

const shim = await trackShim();
const probe = tempDir();
const overlay = await probeOverlay(probe.path).finally(() => probe[Symbol.dispose]());

describe.skipIf("missing" in shim)("watched commands", () => {
  const RUNGS = (["copy", "overlay"] as const).filter((rung) => rung === "copy" || overlay.ok);

  describe.each(RUNGS)("on the rung %s", (staging) => {
    const watched = { staging, trackSubprocesses: true } as const;

    test("that add to one log at once all commit, in serial order", async () => {
      writeFiles(place.path, { log: "0\n" });
      const tasks = together({
        a: "echo a >> log; sleep 0.05",
        b: "echo b | tee -a log",
        c: "echo c >> log; echo d >> log",
      });
      const { report, conflicts } = await run(tasks, { ...watched, policies: { log: "append" } });
      expect(report.workdir!.rung).toBe(staging);
      expect(conflicts).toEqual([0, 0, 0]);
      expect(text("log")).toBe("0\na\nb\nc\nd\n");
      expect(report.guarantee.level).toBe("serial-equivalent");
    });

    test("that read the log, or begin it anew, are treated as ever", async () => {
      writeFiles(place.path, { log: "0\n" });
      const tasks = together({ a: "echo a >> log", b: "wc -l < log >> log", c: "rm log; echo c >> log" });
      const { conflicts, report } = await run(tasks, { ...watched, policies: { log: "append" } });
      expect(report.status).toBe("succeeded");
      expect(conflicts.slice(0, 2)).toEqual([0, 1]);
      expect(text("log")).toBe("c\n");
    });

    test("keep for themselves what they do at temp paths", async () => {
      writeFiles(place.path, { "tmp/base": "0" });
      const scripts = ["a", "b"].map((id) => [
        id,
        `cat tmp/base > ${id}; echo ${id} > tmp/base; echo > tmp/${id}`,
      ]);
      const { conflicts } = await run(together(Object.fromEntries(scripts)), {
        ...watched,
        policies: { "tmp/**": "temp" },
      });
      expect(conflicts).toEqual([0, 0]);
      expect([text("tmp/base"), text("a"), text("b"), existsSync(at("tmp/a"))]).toEqual([
        "0",
        "0",
        "0",
        false,
      ]);
    });
  });
});

/** Two agents that read a file and change it, both before the first of them ends. */
async function runTwo(changes: readonly ((old: string) => string)[], options: RunOptions) {
  let waiting = 0;
  let go = (): void => {};
  const both = new Promise<void>((resolve) => {
    go = resolve;
  });
  const tasks = changes.map((_, i) => ({ id: `t${i}`, reads: ["f"], writes: ["f", "out"] }));
  return run(tasks, { ...options, autoDetectDeps: false }, async (task, ctx) => {
    const path = join(ctx.dir, "f");
    writeFileSync(path, changes[Number(task.id.slice(1))]!(readFileSync(path, "utf8")));
    waiting += 1;
    if (waiting === changes.length) go();
    await both;
  });
}

const LINES = "1\n2\n3\n4\n5\n";
const APART = [(old: string) => old.replace("1", "one"), (old: string) => old.replace("5", "five")];

describe("a conflict at a path of the task's own", () => {
  beforeEach(() => writeFiles(place.path, { f: LINES }));

  test.each([
    ["merge:text", "one\n2\n3\n4\nfive\n"],
    ["take:earlier", "one\n2\n3\n4\n5\n"],
    ["take:later", "1\n2\n3\n4\nfive\n"],
  ] as const)(
    "is settled by %s without another attempt, and the report says so",
    async (policy, expected) => {
      const { report, events, conflicts } = await runTwo(APART, { policies: { f: policy } });
      expect(conflicts).toEqual([0, 0]);
      expect(text("f")).toBe(expected);
      expect(report.guarantee).toEqual({
        level: "merged",
        reasons: [`${policy} settled f between t0 and t1`],
      });
      const merged = events.filter((event): event is EventOf<"task.merged"> => event.type === "task.merged");
      expect(merged.map(({ taskId, merges }) => [taskId, merges])).toEqual([
        ["t1", [{ what: "f", with: "t0", policy }]],
      ]);
      expect(events.at(-1)).toMatchObject({ type: "run.finished", guarantee: "merged" });
      expect(report.files).toEqual({ written: 1, removed: 0 });
    },
  );

  test("that does not merge cleanly makes the task run again, and the level stays", async () => {
    const same = [(old: string) => old.replace("3", "x"), (old: string) => old.replace(/3|x/, "$&y")];
    const { report, conflicts } = await runTwo(same, { policies: { f: "merge:text" } });
    expect(conflicts).toEqual([0, 1]);
    expect(text("f")).toBe("1\n2\nxy\n4\n5\n");
    expect(report.guarantee.level).toBe("serial-equivalent");
  });

  test("fails the task where the user says so", async () => {
    const { report } = await runTwo(APART, { policies: { f: "fail" } });
    expect(report.tasks.t1!.failure).toMatchObject({ kind: "writes", error: { code: "WRITE_CONFLICT" } });
    expect(report.tasks.t1!.failure!.error.message).toContain('which "t0" has changed');
    expect(text("f")).toBe("one\n2\n3\n4\n5\n");
  });

  test("policies that settled nothing do not lower the level", async () => {
    const { report } = await runTwo([APART[0]!], { policies: { "**": "take:later" } });
    expect(report.guarantee.level).toBe("serial-equivalent");
  });

  test("of tasks that wrote the same bytes is none under same-content, if they do not read it", async () => {
    const tasks = ["a", "b"].map((id) => ({ id, reads: [], writes: ["f"] }));
    const agent: Agent = (_task, ctx) => writeFileSync(join(ctx.dir, "f"), "same");
    const options = { autoDetectDeps: false, policies: { f: "same-content" } } as const;
    const { report, conflicts } = await run(tasks, options, agent);
    expect(conflicts).toEqual([0, 0]);
    expect(report.guarantee.level).toBe("serial-equivalent");
  });
});

describe("what was added", () => {
  const LOGGERS = ["a", "b", "c"].map((id) => ({ id, reads: [], writes: ["log"] }));
  const policies = { log: "append" } as const;

  test("makes no task wait for another, but for who reads it all", async () => {
    const tasks = [...LOGGERS, { id: "reader", reads: ["log"], writes: [] }];
    const options = { policies, mode: "auto" } as const;
    const { report } = await run(tasks, options, (task, ctx) => {
      if (task.id === "reader") return readFileSync(join(ctx.dir, "log"), "utf8");
      appendFileSync(join(ctx.dir, "log"), task.id);
      return null;
    });
    expect(report.edges.map(({ from, to }) => `${from}-${to}`).sort()).toEqual([
      "a-reader",
      "b-reader",
      "c-reader",
    ]);
    expect(report.unwrap().reader).toBe("abc");
  });

  test("is used again when the run goes on after an earlier task was mended", async () => {
    const ran: string[] = [];
    const session = (broken: string | null) =>
      run(LOGGERS, { policies, runId: "r" }, (task, ctx) => {
        ran.push(task.id);
        appendFileSync(join(ctx.dir, "log"), task.id);
        if (task.id === broken) throw new Error("broken");
      });
    await session("a");
    expect(text("log")).toBe("bc");
    ran.length = 0;
    const { report } = await session(null);
    expect(ran).toEqual(["a"]);
    expect(text("log")).toBe("abc");
    expect(report.status).toBe("succeeded");
  });

  test("is remembered by the memo, and not under other policies", async () => {
    const tasks = ["a", "b"].map((id) => ({ id, run: `echo ${id} >> log`, reads: [], writes: ["log"] }));
    const again = async (options: RunOptions) => {
      const { report } = await run(tasks, { memo: true, ...options });
      return report.order.filter((id) => report.tasks[id]!.reused).length;
    };
    expect(await again({ policies })).toBe(0);
    expect(await again({ policies })).toBe(2);
    expect(text("log")).toBe("a\nb\na\nb\n");
    expect(await again({})).toBe(0);
    expect(text("log")).toBe("a\nb\na\nb\na\nb\n");
  });
});

test("a merge of an earlier session still counts", async () => {
  writeFiles(place.path, { f: LINES });
  const options = { policies: { f: "take:later" }, runId: "r", autoDetectDeps: false } as const;
  const tasks = ["a", "b", "c"].map((id) => ({ id, reads: ["f"], writes: ["f"] }));
  const agent =
    (broken: boolean): Agent =>
    (task, ctx) => {
      if (task.id === "c" && broken) throw new Error("broken");
      if (task.id !== "c") writeFileSync(join(ctx.dir, "f"), task.id);
    };
  expect((await run(tasks, options, agent(true))).report.guarantee.level).toBe("merged");
  const { report } = await run(tasks, options, agent(false));
  expect(report.guarantee.level).toBe("merged");
  expect(left()).toHaveLength(1);
});

test("a merge that a later session has taken back does not", async () => {
  writeFiles(place.path, { f: LINES });
  const options = { policies: { f: "take:later" }, runId: "r", autoDetectDeps: false } as const;
  const tasks = ["z", "a", "b"].map((id) => ({ id, reads: id === "z" ? [] : ["f"], writes: ["f"] }));
  const agent =
    (broken: boolean): Agent =>
    (task, ctx) => {
      if (task.id === "z" && broken) throw new Error("broken");
      if (task.id !== "z") writeFileSync(join(ctx.dir, "f"), task.id);
    };
  expect((await run(tasks, options, agent(true))).report.guarantee.level).toBe("merged");
  const { report } = await run(tasks, { ...options, mode: "sequential" }, agent(false));
  expect(report.guarantee.level).toBe("serial-equivalent");
});

test.each([
  [{ "logs/**": "apend" }, "each with one of rerun, append"],
  [{ "../log": "append" }, "globs below the shared directory"],
  [["append"], "globs below the shared directory"],
])("policies %j are refused", (policies, expected) => {
  mkdirSync(at("x"));
  const options = { policies, env: {} } as unknown as RunOptions;
  expect(() =>
    executeWithParallelism({ dir: place.path, tasks: [{ id: "a", run: "true" }] }, undefined, options),
  ).toThrow(expected);
});

test("policies come from the environment as well, in the order written", async () => {
  writeFiles(place.path, { "tmp/x": "0" });
  const env = { ...process.env, SHEAF_POLICIES: "tmp/keep=rerun, tmp/**=temp" };
  const { report } = await run([{ id: "a", run: "echo 1 > tmp/x; echo 1 > tmp/keep" }], { env });
  expect(report.status).toBe("succeeded");
  expect(left().map((line) => line.split(" ")[0])).toEqual(["tmp/", "tmp/keep", "tmp/x"]);
  expect(text("tmp/x")).toBe("0");
});
