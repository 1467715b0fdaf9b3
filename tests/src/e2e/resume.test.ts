// Runs that ended before their end, and the sessions that go on with them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TaskSpec } from "@sheaf/core";
import { executeWithParallelism, type RunOptions, type RunReport } from "@sheaf/engine";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const ENGINE = new URL("../../../packages/engine/dist/index.js", import.meta.url).href;
const DIE = fileURLToPath(new URL("./fixtures/die-publishing.cjs", import.meta.url));

let place: TempDir;
let ran: string[];
beforeEach(() => {
  place = tempDir();
  ran = [];
});
afterEach(() => place[Symbol.dispose]());

const at = (path: string): string => join(place.path, path);
const left = () => readTree(place.path).filter((line) => !line.startsWith(".sheaf"));

/** Each task copies what it reads into what it writes, with its own letter. */
const TASKS = [
  { id: "a", reads: ["in"], writes: ["a.out"] },
  { id: "b", reads: ["a.out"], writes: ["b.out"] },
  { id: "c", reads: ["in"], writes: ["c.out"] },
  { id: "d", reads: ["b.out", "c.out"], writes: ["d.out"] },
];

interface Script {
  /** Tasks that fail. */
  readonly fail?: readonly string[];
  /** Text that a task adds in place of its id. */
  readonly says?: Readonly<Record<string, string>>;
}

function session({ fail = [], says = {} }: Script, options: RunOptions = {}): PromiseLike<RunReport> {
  return executeWithParallelism(
    { dir: place.path, tasks: TASKS },
    (task, ctx) => {
      ran.push(task.id);
      if (fail.includes(task.id)) throw new Error(`${task.id} is broken`);
      const read = task.reads!.map((path) => readFileSync(join(ctx.dir, path), "utf8")).join("+");
      const text = `${read}>${says[task.id] ?? task.id}`;
      writeFileSync(join(ctx.dir, task.writes![0]!), text);
      return text;
    },
    { runId: "r", useLlmDeps: false, env: {}, ...options },
  );
}

const outcomes = (report: RunReport): string =>
  report.order
    .map((id) => `${id}:${report.tasks[id]!.outcome}${report.tasks[id]!.reused ? "*" : ""}`)
    .join(" ");

describe("the same run id", () => {
  beforeEach(() => writeFiles(place.path, { in: "0" }));

  test("goes on after a failure: the mended task runs, and what it feeds; the rest is used again", async () => {
    const first = await session({ fail: ["b"] });
    expect(outcomes(first)).toBe("a:succeeded b:failed c:succeeded d:failed");
    expect([existsSync(at("a.out")), existsSync(at("c.out"))]).toEqual([true, true]);
    ran = [];
    const second = await session({});
    expect(outcomes(second)).toBe("a:succeeded* b:succeeded c:succeeded* d:succeeded");
    expect(ran.sort()).toEqual(["b", "d"]);
    expect(Object.values(second.tasks).map(({ attempts }) => attempts)).toEqual([1, 2, 1, 2]);
    expect(second.status).toBe("succeeded");
    expect(readFileSync(at("d.out"), "utf8")).toBe("0>a>b+0>c>d");
    expect(second.unwrap()).toMatchObject({ a: "0>a", c: "0>c" });
  });

  test("puts a mended task back at its place: what had read what it changes now runs again", async () => {
    const tasks = TASKS;
    await session({ fail: ["a"] });
    // c had been committed; it reads "in" alone and is kept. b and d failed for want of a.out.
    ran = [];
    const second = await session({});
    expect(ran.sort()).toEqual(["a", "b", "d"]);
    expect(outcomes(second)).toBe("a:succeeded b:succeeded c:succeeded* d:succeeded");
    expect(tasks.length).toBe(4);
  });

  test("of a run that has succeeded runs nothing, and returns what it had returned", async () => {
    const first = await session({});
    ran = [];
    const second = await session({});
    expect(ran).toEqual([]);
    expect(second.unwrap()).toEqual(first.unwrap());
    expect(outcomes(second)).toBe("a:succeeded* b:succeeded* c:succeeded* d:succeeded*");
  });

  test("of a run that has succeeded is refused for other work, as nothing could be taken back", async () => {
    const go = (text: string): PromiseLike<RunReport> => {
      const tasks = [{ id: "a", run: `echo ${text} > in`, reads: [], writes: ["in"] }];
      return executeWithParallelism({ dir: place.path, tasks }, undefined, { runId: "r", env: {} });
    };
    await go("one");
    await expect(go("two")).rejects.toMatchObject({ code: "RUN_NOT_RESUMABLE" });
    await expect(go("two")).rejects.toThrow(/it has succeeded, .* "a" is to run again/);
    expect(readFileSync(at("in"), "utf8")).toBe("one\n");
    expect((await go("one")).status).toBe("succeeded");
  });

  test("after a cancellation leaves what one session would have left", async () => {
    const run = executeWithParallelism(
      { dir: place.path, tasks: TASKS },
      async (task, ctx) => {
        ran.push(task.id);
        if (task.id === "b") {
          run.cancel("stop here");
          await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
        }
        const text = `${task.reads!.map((path) => readFileSync(join(ctx.dir, path), "utf8")).join("+")}>${task.id}`;
        writeFileSync(join(ctx.dir, task.writes![0]!), text);
        return text;
      },
      { runId: "r", useLlmDeps: false, env: {} },
    );
    expect((await run).status).toBe("cancelled");
    ran = [];
    const second = await session({});
    expect(second.status).toBe("succeeded");
    expect(ran).not.toContain("a");
    expect(left()).toEqual([
      'a.out file 644 "0>a"',
      'b.out file 644 "0>a>b"',
      'c.out file 644 "0>c"',
      'd.out file 644 "0>a>b+0>c>d"',
      'in file 644 "0"',
    ]);
  });

  test("with other tasks is refused, with what they were", async () => {
    await session({});
    const other = executeWithParallelism({ dir: place.path, tasks: [{ id: "x" }] }, () => 1, {
      runId: "r",
      env: {},
    });
    await expect(other).rejects.toMatchObject({ code: "RUN_NOT_RESUMABLE" });
    await expect(other).rejects.toThrow(/its tasks were a, b, c, d/);
  });

  test("does again what had taken another output", async () => {
    const go = (says: string, last: string): PromiseLike<RunReport> => {
      const tasks = [
        { id: "says", run: `echo ${says}`, reads: [], writes: [] },
        { id: "hears", run: "echo heard ${says.output}", reads: [], writes: [] },
        { id: "last", run: last, reads: [], writes: [] },
      ];
      return executeWithParallelism({ dir: at("dir"), tasks }, undefined, { runId: "r", env: {} });
    };
    writeFiles(place.path, { "dir/": "" });
    await go("one", "exit 1");
    const report = await go("two", "true");
    expect([outcomes(report), report.tasks.hears!.output]).toEqual([
      "says:succeeded hears:succeeded last:succeeded",
      "heard two",
    ]);
  });

  test("a run whose history was not kept is refused", async () => {
    await session({}, { trace: false });
    await expect(session({})).rejects.toThrow(/it kept no journal/);
  });

  test("a session that would keep no history is refused, as the next one would take its work for the first one's", async () => {
    await session({ fail: ["d"] });
    await expect(session({}, { trace: false })).rejects.toThrow(/without `trace` the session after this one/);
    expect((await session({})).status).toBe("succeeded");
  });

  test("the bill holds what all sessions have spent, and every dollar has one class", async () => {
    const bill = (fail: boolean): PromiseLike<RunReport> =>
      executeWithParallelism(
        [{ id: "a" }, { id: "b", dependsOn: ["a"] }],
        (task, ctx) => {
          ctx.recordUsage({
            model: "m",
            inputTokens: 1,
            outputTokens: 1,
            costUsd: task.id === "a" ? 1 : 0.25,
          });
          if (fail && task.id === "b") throw new Error("broken");
        },
        { runId: "bill", home: at("home"), env: {}, useLlmDeps: false },
      );
    expect((await bill(true)).cost.totalUsd).toBe(1.25);
    const second = await bill(false);
    expect(second.cost.totalUsd).toBe(1.5);
    expect(second.cost.byClass.useful.usd).toBe(1.25);
    expect(second.cost.byClass["failed-attempt"].usd).toBe(0.25);
  });
});

describe("a session that was asked to do a committed task otherwise, and ends before it does, leaves it to the next", () => {
  const inputOf = (text: string) => ({
    dir: at("dir"),
    tasks: [
      { id: "a", run: `echo ${text} > f; echo ${text}`, reads: [], writes: ["f"] },
      existsSync(at("lib.mjs"))
        ? { id: "m", agent: "m", reads: [], writes: [] }
        : { id: "m", run: "true", reads: [], writes: [] },
      { id: "z", run: `test -f ${at("mended")}`, reads: [], writes: [] },
    ],
    agents: existsSync(at("lib.mjs")) ? { m: { module: at("lib.mjs"), export: "m" } } : {},
  });
  const go = (text: string, options: RunOptions = {}): Promise<RunReport> =>
    Promise.resolve(executeWithParallelism(inputOf(text), undefined, { runId: "r", env: {}, ...options }));

  beforeEach(async () => {
    writeFiles(place.path, { "dir/": "" });
    expect((await go("one")).status).toBe("partial");
    writeFileSync(at("mended"), "");
  });

  const expectRun = async (text: string): Promise<void> => {
    const report = await go(text);
    expect([report.status, report.tasks.a!.output]).toEqual(["succeeded", text]);
    expect(readFileSync(at("dir/f"), "utf8")).toBe(`${text}\n`);
  };

  test("an agent of it cannot be loaded", async () => {
    writeFileSync(at("lib.mjs"), "export const m = ((");
    await expect(go("two")).rejects.toMatchObject({ code: "AGENT_MODULE_FAILED" });
    expect(readFileSync(at("dir/f"), "utf8")).toBe("one\n");
    writeFileSync(at("lib.mjs"), "export const m = () => 1;");
    await expectRun("two");
  });

  test("it is cancelled as it begins", async () => {
    const run = executeWithParallelism(inputOf("two"), undefined, { runId: "r", env: {} });
    run.cancel("early");
    expect((await run).status).toBe("cancelled");
    const told: string[] = [];
    for await (const event of run) if (event.type === "run.cancelling") told.push(event.message);
    expect(told).toEqual(["early"]);
    await expectRun("two");
  });

  test.each(["one", "two"])(
    "it is killed when the task is just taken back, and the next does %s",
    async (text) => {
      const program = `import { executeWithParallelism } from ${JSON.stringify(ENGINE)};
      await executeWithParallelism(${JSON.stringify(inputOf("two"))}, undefined, { runId: "r", env: {} });`;
      const { signal } = spawnSync(process.execPath, ["-r", DIE, "--input-type=module", "-e", program], {
        env: { ...process.env, TEST_DIE_IN: at("dir"), TEST_DIE_AT: "1:over" },
      });
      expect([signal, existsSync(at("dir/f"))]).toEqual(["SIGKILL", false]);
      await expectRun(text);
    },
  );
});

describe("what an earlier session may have done wrong is said of the run to its end", () => {
  const go = (
    [fails, ...others]: readonly [fails: boolean, ...others: TaskSpec[]],
    options: RunOptions = {},
  ): PromiseLike<RunReport> =>
    executeWithParallelism(
      { dir: place.path, tasks: [...others, { id: "z", run: fails ? "exit 1" : "true", dependsOn: [] }] },
      undefined,
      { runId: "r", env: {}, ...options },
    );

  test("tasks that started by inferred edges, for as long as that attempt counts", async () => {
    const writes = { id: "a", run: "echo 1 > f", dependsOn: [] };
    const reads = { id: "b", run: "cat f > g || true", dependsOn: [] };
    const first = await go([true, writes, reads], { consistency: "trust-graph" });
    expect(first.guarantee.reasons).toEqual([expect.stringContaining("declare no reads: a, b, z")]);
    const second = await go([true, writes, reads]);
    expect([second.tasks.b!.reused, second.guarantee.level]).toEqual([true, "trust-graph"]);
    expect(second.guarantee.reasons).toEqual([expect.stringMatching(/: a, b$/)]);
    const third = await go([false, { ...writes, run: "echo 2 > f" }, reads]);
    expect([third.status, third.guarantee.level]).toEqual(["succeeded", "serial-equivalent"]);
    expect(readFileSync(at("g"), "utf8")).toBe("2\n");
  });

  test("a frozen folder that was written", async () => {
    writeFiles(place.path, { "node_modules/x": "1" });
    const writes = { id: "a", run: `echo 22 > ${at("node_modules/x")}` };
    const first = await go([true, writes], { staging: "copy" });
    expect(first.guarantee.reasons).toEqual(["frozen folders were written: node_modules/x"]);
    const second = await go([false, writes], { staging: "copy" });
    expect([second.status, second.guarantee]).toEqual(["succeeded", first.guarantee]);
  });
});
