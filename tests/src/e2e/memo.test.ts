// Tasks that an earlier run has done: left out where nothing that they saw has changed, and done where something has.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunEvent, systemClock, type TaskSpec } from "@sheaf/core";
import { executeWithParallelism, type RunOptions, type RunReport } from "@sheaf/engine";
import { defineAgent } from "@sheaf/engine/agent";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
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

const cats = (id: string, from: string, to: string): TaskSpec => ({
  ...{ id, run: `cat ${from} > ${to}; printf '>${id}' >> ${to}`, reads: [from], writes: [to] },
});

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

const notes = (events: readonly RunEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === "run.fallback" && event.part === "memo" ? [event.reason] : []));

const filesBelow = (part: string): readonly string[] =>
  readTree(at(`.sheaf/memo/${part}`)).flatMap((line) => {
    const [path, kind] = line.split(" ");
    return kind === "file" ? [at(`.sheaf/memo/${part}/${path}`)] : [];
  });

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
    expect(second.report.order.map((id) => second.report.tasks[id]!.attempts)).toEqual([0, 0, 0, 0]);
  });

  test("does again who looked into a frozen folder that is another now, and nobody else", async () => {
    writeFiles(place.path, { "node_modules/x/v": "1" });
    const tasks = [copies("a", ["node_modules/x/v"], "a.out"), cats("b", "node_modules/x/v", "b.out")];
    await run([...tasks, copies("c", ["other"], "c.out")]);
    writeFiles(place.path, { "node_modules/x/v": "2", "node_modules/.cache/x": "" });
    for (const path of ["a.out", "b.out"]) rmSync(at(path));
    const { report } = await run([...tasks, copies("c", ["other"], "c.out")]);
    expect(reused(report)).toBe("c");
    expect([readFileSync(at("a.out"), "utf8"), readFileSync(at("b.out"), "utf8")]).toEqual(["2>a", "2>b"]);
  });

  test("does again who was shown a link on its way that leads elsewhere now", async () => {
    writeFiles(place.path, { "v1/x": "1", "v2/x": "2", now: { link: "v1" } });
    const task = { id: "b", run: "cat now/x > b.out", reads: ["v1", "v2", "now/x"], writes: ["b.out"] };
    await run([task]);
    rmSync(at("now"));
    rmSync(at("b.out"));
    writeFiles(place.path, { now: { link: "v2" } });
    const { report } = await run([task]);
    expect(report.tasks.b).toMatchObject({ reused: false });
    expect(readFileSync(at("b.out"), "utf8")).toBe("2");
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

  test("does again what took another output, or is asked to be done with another model", async () => {
    const says = (what: string): readonly TaskSpec[] => [
      { id: "says", run: `echo ${what}`, reads: [], writes: [] },
      { id: "hears", run: "echo heard ${says.output}", reads: [], writes: [] },
    ];
    await run(says("one"));
    const { report } = await run(says("two"));
    expect([reused(report), report.tasks.hears!.output]).toEqual(["", "heard two"]);
    expect(reused((await run(says("one"))).report)).toBe("says hears");
    expect(reused((await run(says("one"), { model: "other" })).report)).toBe("");
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

  test("does again what lost its bytes", async () => {
    await run();
    rmSync(at(".sheaf/memo/objects"), { recursive: true });
    expect(reused((await run()).report)).toBe("");
  });

  test("does again what lies there damaged, says so, and can use what it then keeps", async () => {
    await run();
    const files = left();
    for (const path of filesBelow("objects")) writeFileSync(path, readFileSync(path, "utf8").toUpperCase());
    rmSync(at("a.out"));
    const again = await run(TASKS.slice(0, 1));
    expect([reused(again.report), notes(again.events)]).toEqual([
      "",
      [expect.stringContaining('of "a" is damaged')],
    ]);
    rmSync(at("a.out"));
    expect(reused((await run(TASKS.slice(0, 1))).report)).toBe("a");
    for (const path of [...filesBelow("entries")]) {
      writeFileSync(path, readFileSync(path, "utf8").replace("a", "b"));
    }
    const { report, events } = await run();
    expect([reused(report), notes(events).length > 3]).toEqual(["", true]);
    expect(left()).toEqual(files);
  });

  test("keeps equal bytes once, apart from files of the directory", async () => {
    const tasks = ["p", "q"].map((id) => ({
      id,
      run: `printf same > ${id}.out`,
      reads: [],
      writes: [`${id}.out`],
    }));
    await run(tasks);
    expect(filesBelow("objects")).toHaveLength(1);
    for (const { id } of tasks) rmSync(at(`${id}.out`));
    expect(reused((await run(tasks)).report)).toBe("p q");
    // An edit in place of one file reaches neither the other nor the store.
    writeFileSync(at("p.out"), "edited");
    expect(readFileSync(at("q.out"), "utf8")).toBe("same");
    rmSync(at("p.out"));
    expect(reused((await run(tasks)).report)).toContain("p");
    expect(readFileSync(at("p.out"), "utf8")).toBe("same");
  });

  test("shows what was used again to a task that is done", async () => {
    const tasks: readonly TaskSpec[] = [
      cats("a", "in", "a.out"),
      { ...cats("b", "a.out", "b.out"), memo: false },
    ];
    await run(tasks);
    for (const path of ["a.out", "b.out"]) rmSync(at(path));
    const { report } = await run(tasks);
    expect([report.status, reused(report)]).toEqual(["succeeded", "a"]);
    expect(readFileSync(at("b.out"), "utf8")).toBe("0>a>b");
  });
});

describe("who says so", () => {
  test("an agent that is given by module and export says it in its module", async () => {
    const agent = { module: new URL("./fixtures/scripted.ts", import.meta.url).href, export: "remembered" };
    const { id, input } = copies("a", ["in"], "a.out");
    const again = () =>
      executeWithParallelism({ dir: place.path, tasks: [{ id, input }] }, agent, {
        env: {},
        useLlmDeps: false,
      });
    writeFiles(place.path, { in: "0" });
    await again();
    rmSync(at("a.out"));
    expect(reused(await again())).toBe("a");
  });

  test("what cannot be remembered is told, and why", async () => {
    const tasks: readonly TaskSpec[] = [
      { id: "effect", run: "echo 1", reads: [], writes: [], effects: ["api:x"] },
      { id: "unwatched", run: "echo 3" },
      { id: "asked", run: "echo 4", reads: [], writes: [] },
    ];
    expect(notes((await run(tasks)).events)).toEqual([
      "effect: `memo` has no effect, as they have effects.",
      "unwatched: `memo` has no effect, as not all that they read is known.",
    ]);
    const plain = executeWithParallelism([{ id: "x" }], () => 1, { env: {}, memo: true });
    const events: RunEvent[] = [];
    for await (const event of plain) events.push(event);
    expect(notes(events)).toEqual(["x: `memo` has no effect, as plain functions cannot be compared."]);
  });

  test.each<[string, unknown]>([
    ["a word", "shared"],
    ["an unknown scope", { scope: "team" }],
    ["an unknown key", { ttl: 5 }],
    ["a time before now", { ttlMs: -1 }],
  ])("%s is an error", (_what, memo) => {
    const start = (task: object, options: object) => () =>
      executeWithParallelism({ tasks: [{ id: "a", run: "true", ...task }] } as never, undefined, {
        env: {},
        ...options,
      });
    expect(start({ memo }, {})).toThrow(/Expected|expected/);
    expect(start({}, { memo })).toThrow("Expected `memo` to be true, false or { scope:");
    expect(() =>
      defineAgent({ name: "x", run: () => 1, needs: { memo: memo as never } }, import.meta.url),
    ).toThrow("needs.memo");
  });
});

describe("how long", () => {
  beforeEach(() => writeFiles(place.path, { in: "0" }));
  const atTime = (now: number): RunOptions => ({ clock: { ...systemClock, now: () => now } });

  test("only what is young enough is used", async () => {
    const tasks = [{ ...cats("a", "in", "a.out"), memo: { ttlMs: 1_000 } }];
    const usedAt = async (now: number): Promise<string> => {
      rmSync(at("a.out"), { force: true });
      return reused((await run(tasks, atTime(now))).report);
    };
    expect(await usedAt(5_000_000)).toBe("");
    expect(await usedAt(5_001_000)).toBe("a");
    expect(await usedAt(5_001_001)).toBe("");
  });

  test("a session that goes on with a run takes nothing that is too old, either", async () => {
    const tasks: readonly TaskSpec[] = [
      { id: "first", run: "test -e go", reads: ["go"], writes: [] },
      { ...cats("a", "in", "a.out"), memo: { scope: "run", ttlMs: 1_000 } },
    ];
    const session = (now: number) =>
      run(tasks, { ...atTime(now), memo: false, onFailure: "stop", runId: "r", mode: "parallel" });
    expect((await session(5_000_000)).report.status).toBe("failed");
    // Nothing is kept beyond the run.
    expect(readdirSync(at(".sheaf"))).not.toContain("memo");
    expect((await session(5_001_000)).events.some(({ type }) => type === "task.reused")).toBe(true);
    const late = await session(5_009_000);
    expect(late.events.some((event) => event.type === "attempt.started" && event.taskId === "a")).toBe(true);
  });
});

describe("the shared store", () => {
  const tasks: readonly TaskSpec[] = [{ ...cats("a", "in", "out"), memo: { scope: "shared" } }];
  const start = (dir: string, options: RunOptions = {}) =>
    executeWithParallelism({ dir, tasks }, scripted, { env: {}, useLlmDeps: false, ...options });
  beforeEach(() => {
    writeFiles(place.path, { in: "0" });
    vi.stubEnv("XDG_DATA_HOME", home.path);
  });
  afterEach(() => vi.unstubAllEnvs());

  test("lies in the data of the user, for nobody else", async () => {
    using other = tempDir({ in: "0" });
    await start(place.path);
    expect(statSync(join(home.path, "sheaf/memo")).mode & 0o777).toBe(0o700);
    expect(readdirSync(at(".sheaf"))).not.toContain("memo");
    expect(reused(await start(other.path))).toBe("a");
    expect(readFileSync(join(other.path, "out"), "utf8")).toBe("0>a");
  });

  test("that others can write to is not used: an error where it was named, a reason where not", async () => {
    mkdirSync(join(home.path, "sheaf/memo"), { recursive: true });
    chmodSync(join(home.path, "sheaf/memo"), 0o777);
    const handle = start(place.path);
    const events: RunEvent[] = [];
    for await (const event of handle) events.push(event);
    expect((await handle).status).toBe("succeeded");
    expect(notes(events)).toEqual([expect.stringContaining("others can write to it")]);
    await expect(start(place.path, { memoStore: join(home.path, "sheaf/memo") })).rejects.toThrow(
      "only you can write to",
    );
  });

  test("serves several runs at once", async () => {
    const dirs = Array.from({ length: 4 }, () => tempDir({ in: "0" }));
    try {
      const reports = await Promise.all(dirs.map(({ path }) => start(path)));
      expect(reports.map(({ status }) => status)).toEqual(Array(4).fill("succeeded"));
      expect(reused(await start(place.path))).toBe("a");
    } finally {
      for (const dir of dirs) dir[Symbol.dispose]();
    }
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
