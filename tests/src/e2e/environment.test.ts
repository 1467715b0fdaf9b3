// Every variable of the environment makes a difference that can be seen, and every one refuses what it does not mean.
import fs, { existsSync, lstatSync, readdirSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import type { EventOf, EventType, RunEvent, TaskSpec } from "@sheaf/core";
import {
  executeWithParallelism,
  type RunHandle,
  type RunOptions,
  readSettings,
  SETTING_TABLE,
} from "@sheaf/engine";
import {
  FakeClock,
  type FakeModelReply,
  scriptedAgent,
  startFakeModelServer,
  type TempDir,
  tempDir,
} from "@sheaf/testkit";
import { probeOverlay, trackEnvironment } from "@sheaf/workdir";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { hungry, mortal, writer } from "./fixtures/agents.ts";

type Env = Readonly<Record<string, string>>;
type Agent = Parameters<typeof executeWithParallelism>[1];

let place: TempDir;
beforeEach(() => {
  place = tempDir({ "vendor/x": "1", a: "1" });
});
afterEach(() => place[Symbol.dispose]());

const UNDECLARED: readonly TaskSpec[] = ["a", "b", "c", "d"].map((id) => ({ id }));
const FREE: readonly TaskSpec[] = UNDECLARED.map((task) => ({ ...task, dependsOn: [] }));

async function eventsOf<T extends EventType>(run: RunHandle, type: T): Promise<readonly EventOf<T>[]> {
  const events: RunEvent[] = [];
  for await (const event of run) if (event.type === type) events.push(event);
  return events as unknown as readonly EventOf<T>[];
}

const inMemory = (
  tasks: readonly TaskSpec[],
  env: Env,
  agent: Agent = () => 1,
  options: RunOptions = {},
): RunHandle => executeWithParallelism(tasks, agent, { env, ...options });

const inDir = (tasks: readonly TaskSpec[], env: Env, agent?: Agent, options: RunOptions = {}): RunHandle =>
  executeWithParallelism({ dir: place.path, tasks }, agent, { env, ...options });

/** Most tasks that ran at once. */
async function peak(tasks: readonly TaskSpec[], env: Env): Promise<number> {
  let running = 0;
  let most = 0;
  await inMemory(tasks, env, async () => {
    running += 1;
    most = Math.max(most, running);
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  });
  return most;
}

/** Whether a run in parallel mode still runs ahead after one task, which took 2 s and $1, had to run again. */
async function speculates(env: Env): Promise<boolean> {
  const clock = new FakeClock();
  const agent = scriptedAgent();
  const tasks = [
    { id: "a", reads: [], writes: ["x"] },
    { id: "b", reads: ["x"], writes: [] },
  ];
  const options = { clock, env: { SHEAF_EXECUTION_MODE: "parallel", ...env } };
  const run = executeWithParallelism({ dir: place.path, tasks }, agent.run, options);
  const [a, b] = [await agent.next("a"), await agent.next("b")];
  b.ctx.recordUsage({ model: "m", inputTokens: 1, outputTokens: 1, costUsd: 1 });
  await clock.advance(2_000);
  b.succeed();
  writeFileSync(join(a.ctx.dir, "x"), JSON.stringify(env));
  a.succeed();
  (await agent.next("b")).succeed();
  return !(await eventsOf(run, "run.fallback")).some(({ part }) => part === "speculation");
}

/** Whether the second of two equal runs leaves its task out. */
async function reusedIn(env: Env): Promise<boolean> {
  const tasks = [{ id: "x", run: "cat a", reads: ["a"] }];
  await inDir(tasks, env);
  return (await inDir(tasks, env)).tasks.x!.reused;
}

/** What a model server is asked in a run of tasks that declare nothing, and what the run falls back from. */
async function askedOf(env: Env, reply: FakeModelReply) {
  const server = await startFakeModelServer(() => reply);
  try {
    // Tasks that are done before the model has answered would end its call.
    const run = inMemory(UNDECLARED, { SHEAF_MODEL_BASE_URL: server.baseUrl, ...env }, async () => {
      await run.plan;
    });
    const fallbacks = await eventsOf(run, "run.fallback");
    return { requests: server.requests, fallbacks };
  } finally {
    await server.close();
  }
}

const NO_NEEDS: FakeModelReply = {
  kind: "answer",
  content: JSON.stringify({ tasks: [1, 2, 3, 4].map((task) => ({ task, needs: [] })) }),
};

/** For each variable a check that sees what it does. */
const EFFECTS: Readonly<Record<string, () => Promise<void>>> = {
  SHEAF_ENABLE_PARALLEL: async () => {
    expect(await peak(FREE, {})).toBe(3);
    expect(await peak(FREE, { SHEAF_ENABLE_PARALLEL: "off", SHEAF_EXECUTION_MODE: "parallel" })).toBe(1);
  },
  SHEAF_EXECUTION_MODE: async () => {
    expect(await peak(UNDECLARED, {})).toBe(1);
    expect(await peak(UNDECLARED, { SHEAF_EXECUTION_MODE: "parallel" })).toBe(3);
    expect(await peak(FREE, { SHEAF_EXECUTION_MODE: "sequential" })).toBe(1);
  },
  SHEAF_MAX_WORKERS: async () => {
    expect(await peak(FREE, { SHEAF_MAX_WORKERS: "2" })).toBe(2);
  },
  SHEAF_ORDER: async () => {
    const tasks = [
      { id: "late", reads: ["x"], writes: [] },
      { id: "early", reads: [], writes: ["x"] },
    ];
    const ids = async (env: Env) => Object.keys((await inMemory(tasks, env)).tasks);
    expect(await ids({})).toEqual(["late", "early"]);
    expect(await ids({ SHEAF_ORDER: "free" })).toEqual(["early", "late"]);
  },
  SHEAF_SCHEDULE: async () => {
    const tasks = [{ id: "slow" }, { id: "fast" }, { id: "next", dependsOn: ["fast"] }];
    const agent = scriptedAgent();
    const run = inMemory(tasks, { SHEAF_SCHEDULE: "levels" }, agent.run);
    (await agent.next("fast")).succeed();
    const slow = await agent.next("slow");
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(agent.started).not.toContain("next");
    slow.succeed();
    (await agent.next("next")).succeed();
    await run;
  },
  SHEAF_CONSISTENCY: async () => {
    const tasks = [{ id: "x", run: "true", dependsOn: [] }];
    expect((await inDir(tasks, {})).guarantee.level).toBe("serial-equivalent");
    const trusting = await inDir(tasks, { SHEAF_CONSISTENCY: "trust-graph" });
    expect(trusting.guarantee.level).toBe("trust-graph");
  },
  SHEAF_ON_FAILURE: async () => {
    const agent = (task: { id: string }) => {
      if (task.id === "a") throw new Error("no");
    };
    expect((await inMemory(FREE, {}, agent)).tasks.d?.outcome).toBe("succeeded");
    const stopped = await inMemory(FREE, { SHEAF_ON_FAILURE: "stop", SHEAF_MAX_WORKERS: "1" }, agent);
    expect(stopped.tasks.d?.because).toEqual({ reason: "stopped", taskId: "a" });
  },
  SHEAF_EXECUTOR: async () => {
    expect(() => inMemory(FREE, { SHEAF_EXECUTOR: "thread" })).toThrow(
      expect.objectContaining({ code: "AGENT_NOT_PORTABLE" }),
    );
    const run = inDir([{ id: "w", reads: [], writes: ["*"] }], { SHEAF_EXECUTOR: "inline" }, writer);
    expect((await eventsOf(run, "attempt.started"))[0]?.executor).toBe("inline");
  },
  SHEAF_USE_PROCESS_POOL: async () => {
    const run = inDir([{ id: "w", reads: [], writes: ["*"] }], { SHEAF_USE_PROCESS_POOL: "yes" }, writer);
    expect((await eventsOf(run, "attempt.started"))[0]?.executor).toBe("process");
  },
  SHEAF_MAX_MEMORY_MB: async () => {
    const report = await inDir(
      [{ id: "eats", reads: [], writes: [] }],
      { SHEAF_MAX_MEMORY_MB: "150" },
      hungry,
    );
    expect(report.tasks.eats?.failure?.error.message).toMatch(/limit 150 MiB/);
  },
  SHEAF_MIN_FREE_DISK_MB: async () => {
    const report = await inDir([{ id: "x" }], { SHEAF_MIN_FREE_DISK_MB: "1073741824" }, () => 1);
    expect(report.tasks.x?.failure).toMatchObject({ kind: "disk", error: { code: "DISK_FULL" } });
  },
  SHEAF_TASK_TIMEOUT: async () => {
    const agent = scriptedAgent();
    const clock = new FakeClock();
    const run = inMemory([{ id: "x" }], { SHEAF_TASK_TIMEOUT: "2.5" }, agent.run, { clock });
    await agent.next("x");
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(2_500);
    expect((await run).tasks.x?.failure?.error.message).toMatch(/longer than 2500 ms/);
  },
  SHEAF_MAX_RESTARTS: async () => {
    const report = await inDir([{ id: "x", reads: [], writes: [] }], { SHEAF_MAX_RESTARTS: "0" }, mortal);
    expect(report.tasks.x).toMatchObject({ outcome: "failed", attempts: 1 });
  },
  SHEAF_RETRY_DELAY: async () => {
    const agent = scriptedAgent();
    const clock = new FakeClock();
    const run = inMemory([{ id: "x", retries: 1 }], { SHEAF_RETRY_DELAY: "30" }, agent.run, { clock });
    (await agent.next("x")).fail(new Error("once"));
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(30_000);
    (await agent.next("x")).succeed();
    const [retrying] = await eventsOf(run, "task.retrying");
    expect(retrying?.delayMs).toBeGreaterThanOrEqual(15_000);
    expect(retrying?.delayMs).toBeLessThanOrEqual(30_000);
  },
  SHEAF_TAGS: async () => {
    const tagged = FREE.map((task) => ({ ...task, resources: { tags: ["llm"] } }));
    expect(await peak(tagged, { SHEAF_TAGS: "llm=1, gpu=2" })).toBe(1);
  },
  SHEAF_AUTO_DETECT_DEPS: async () => {
    const tasks = [
      { id: "w", reads: [], writes: ["x"], dependsOn: [] },
      { id: "r", reads: ["x"], writes: [], dependsOn: ["w"] },
      { id: "s", reads: ["x"], writes: [] },
    ];
    const edges = async (env: Env) =>
      (
        await eventsOf(
          inDir(tasks, env, () => 1),
          "analysis.finished",
        )
      )[0]?.edges;
    expect(await edges({})).toMatchObject({ files: expect.any(Number) });
    expect(await edges({ SHEAF_AUTO_DETECT_DEPS: "false" })).toEqual({ declared: 1 });
  },
  SHEAF_USE_LLM_DEPS: async () => {
    expect((await askedOf({}, NO_NEEDS)).requests).toHaveLength(1);
    expect((await askedOf({ SHEAF_USE_LLM_DEPS: "false" }, NO_NEEDS)).requests).toHaveLength(0);
  },
  SHEAF_MODEL: async () => {
    const { requests } = await askedOf({ SHEAF_MODEL: "my-model" }, NO_NEEDS);
    expect(requests[0]?.body).toMatchObject({ model: "my-model" });
  },
  SHEAF_MODEL_BASE_URL: async () => {
    expect((await askedOf({}, NO_NEEDS)).requests[0]?.path).toBe("/v1/chat/completions");
    const run = inMemory(UNDECLARED, {});
    expect((await eventsOf(run, "run.fallback"))[0]?.reason).toMatch(/No model is configured/);
  },
  SHEAF_MODEL_API_KEY: async () => {
    const { requests } = await askedOf(
      { SHEAF_MODEL_API_KEY: "sk-test", OPENAI_API_KEY: "sk-other" },
      NO_NEEDS,
    );
    expect(requests[0]?.headers.authorization).toBe("Bearer sk-test");
    const other = await askedOf({ OPENAI_API_KEY: "sk-other" }, NO_NEEDS);
    expect(other.requests[0]?.headers.authorization).toBe("Bearer sk-other");
  },
  SHEAF_MODEL_TEMPERATURE: async () => {
    const { requests } = await askedOf({ SHEAF_MODEL_TEMPERATURE: "0.5" }, NO_NEEDS);
    expect(requests[0]?.body).toMatchObject({ temperature: 0.5 });
    expect((await askedOf({}, NO_NEEDS)).requests[0]?.body).not.toHaveProperty("temperature");
  },
  SHEAF_MODEL_EFFORT: async () => {
    const { requests } = await askedOf({ SHEAF_MODEL_EFFORT: "low" }, NO_NEEDS);
    expect(requests[0]?.body).toMatchObject({ reasoning_effort: "low" });
    expect((await askedOf({}, NO_NEEDS)).requests[0]?.body).not.toHaveProperty("reasoning_effort");
  },
  SHEAF_VERIFY_DEPS: async () => {
    const needs = [{ evidence: "a", on: 1, type: "data", p: 0.9 }];
    const content = JSON.stringify({ tasks: [2, 3, 4].map((task) => ({ task, needs })) });
    const reply: FakeModelReply = { kind: "answer", content };
    expect((await askedOf({}, reply)).requests).toHaveLength(1);
    expect((await askedOf({ SHEAF_VERIFY_DEPS: "2" }, reply)).requests).toHaveLength(3);
  },
  SHEAF_ANALYSIS_TIMEOUT: async () => {
    const { fallbacks } = await askedOf({ SHEAF_ANALYSIS_TIMEOUT: "0.05" }, { kind: "stall-headers" });
    expect(fallbacks.map(({ part }) => part)).toContain("analysis");
  },
  SHEAF_TRACKING: async () => {
    // A task that is not watched waits for its turn, so it cannot read too early.
    const waits = async (env: Env) => {
      const tasks = FREE.slice(0, 3);
      return (await eventsOf(inDir(tasks, { SHEAF_MAX_WORKERS: "3", ...env }, writer), "task.waiting"))
        .length;
    };
    expect(await waits({})).toBe(0);
    expect(await waits({ SHEAF_TRACKING: "false" })).toBeGreaterThan(0);
  },
  SHEAF_TRACK_SUBPROCESSES: async () => {
    const tasks = FREE.slice(0, 3).map((task) => ({ ...task, run: "cat a" }));
    const waits = async (env: Env) => {
      const run = inDir(tasks, { SHEAF_MAX_WORKERS: "3", ...env });
      const fallbacks = (await eventsOf(run, "run.fallback")).filter(({ part }) => part === "tracking");
      const waiting = (await eventsOf(run, "task.waiting")).length;
      return fallbacks.length > 0 ? "no compiler" : waiting;
    };
    expect(await waits({})).toBeGreaterThan(0);
    expect([0, "no compiler"]).toContain(await waits({ SHEAF_TRACK_SUBPROCESSES: "true" }));
  },
  SHEAF_MEMO: async () => {
    expect(await reusedIn({})).toBe(false);
    expect(await reusedIn({ SHEAF_MEMO: "true" })).toBe(true);
  },
  SHEAF_MEMO_STORE: async () => {
    using store = tempDir();
    await inDir([{ id: "x", run: "cat a", reads: ["a"] }], { SHEAF_MEMO: "1", SHEAF_MEMO_STORE: store.path });
    expect(readdirSync(store.path)).toEqual(["entries"]);
  },
  SHEAF_MEMO_TTL: async () => {
    expect(await reusedIn({ SHEAF_MEMO: "true", SHEAF_MEMO_TTL: "0.000001" })).toBe(false);
    expect(await reusedIn({ SHEAF_MEMO: "true", SHEAF_MEMO_TTL: "3600" })).toBe(true);
  },
  SHEAF_PRICES: async () => {
    const path = join(place.path, "prices.json");
    writeFileSync(path, '{"lab": {"m": {"input": 1, "output": 2}}}');
    const usdWith = async (env: Env): Promise<number | null> => {
      const used = { provider: "lab", model: "m", inputTokens: 500_000, outputTokens: 1 };
      const { cost } = await inMemory([{ id: "x" }], env, (_task, ctx) => ctx.recordUsage(used));
      return cost.totalUsd;
    };
    expect(await usdWith({ SHEAF_PRICES: path })).toBe(0.500002);
    expect(await usdWith({})).toBeNull();
  },
  SHEAF_ROUTES: async () => {
    const routes = async (env: Env) =>
      Object.keys((await inMemory([{ id: "x", route: "work" }], env)).cost.byRoute);
    expect(await routes({})).toEqual(["work"]);
    expect(await routes({ SHEAF_ROUTES: "draft, review" })).toEqual([
      "draft",
      "review",
      "analysis",
      "unknown",
    ]);
  },
  SHEAF_BUDGET: async () => {
    const statusWith = async (env: Env): Promise<string> => {
      const agent: Agent = (_task, ctx) => ctx.recordUsage({ model: "m", inputTokens: 60, outputTokens: 0 });
      return (await inMemory(UNDECLARED, env, agent)).status;
    };
    expect(await statusWith({ SHEAF_BUDGET: "100tokens" })).toBe("budget-exhausted");
    expect(await statusWith({ SHEAF_BUDGET: "1000tokens" })).toBe("succeeded");
  },
  SHEAF_WASTE_SHARE: async () => {
    expect(await speculates({ SHEAF_WASTE_SHARE: "1" })).toBe(true);
    expect(await speculates({ SHEAF_WASTE_SHARE: "0" })).toBe(false);
  },
  SHEAF_WASTE_USD: async () => {
    expect(await speculates({ SHEAF_WASTE_SHARE: "1", SHEAF_WASTE_USD: "100" })).toBe(true);
    expect(await speculates({ SHEAF_WASTE_SHARE: "1", SHEAF_WASTE_USD: "0.5" })).toBe(false);
  },
  SHEAF_WASTE_TOKENS: async () => {
    expect(await speculates({ SHEAF_WASTE_SHARE: "1", SHEAF_WASTE_TOKENS: "2" })).toBe(true);
    expect(await speculates({ SHEAF_WASTE_SHARE: "1", SHEAF_WASTE_TOKENS: "1" })).toBe(false);
  },
  SHEAF_STAGING: async () => {
    for (const rung of ["copy", "hardlink"]) {
      const run = inDir([{ id: "x" }], { SHEAF_STAGING: rung }, () => 1);
      expect((await eventsOf(run, "dir.staged"))[0]?.rung).toBe(rung);
    }
    using place = tempDir();
    const verdict = await probeOverlay(place.path);
    const run = inDir([{ id: "x" }], { SHEAF_STAGING: "overlay" }, () => 1);
    if (verdict.ok) expect((await eventsOf(run, "dir.staged"))[0]?.rung).toBe("overlay");
    else
      await expect(run).rejects.toMatchObject({
        code: "DIR_UNUSABLE",
        message: expect.stringContaining(verdict.why),
      });
  },
  SHEAF_FROZEN: async () => {
    const report = await inDir(
      [{ id: "x", reads: ["vendor"] }],
      { SHEAF_FROZEN: "vendor,third_party" },
      (_task, ctx) => lstatSync(join(ctx.dir, "vendor")).isSymbolicLink(),
    );
    expect(report.unwrap().x).toBe(true);
  },
  SHEAF_POLICIES: async () => {
    const keeps = async (env: Env): Promise<boolean> => {
      await inDir([{ id: "x", writes: ["log"] }], env, (_task, ctx) =>
        writeFileSync(join(ctx.dir, "log"), "1"),
      );
      return existsSync(join(place.path, "log"));
    };
    expect(await keeps({ SHEAF_POLICIES: "log=temp" })).toBe(false);
    expect(await keeps({})).toBe(true);
  },
  SHEAF_DURABILITY: async () => {
    const syncs = async (env: Env): Promise<number> => {
      const count = vi.spyOn(fs, "fsyncSync");
      syncBuiltinESMExports();
      try {
        await inDir([{ id: "x" }], env, (_task, ctx) => writeFileSync(join(ctx.dir, "new"), env.NAME!));
        return count.mock.calls.length;
      } finally {
        count.mockRestore();
        syncBuiltinESMExports();
      }
    };
    expect(await syncs({ NAME: "1" })).toBe(0);
    expect(await syncs({ NAME: "2", SHEAF_DURABILITY: "power" })).toBeGreaterThan(3);
  },
  SHEAF_REPLAY: async () => {
    const asked = async (env: Env): Promise<number> => {
      const server = await startFakeModelServer(() => ({ kind: "answer", content: "yes" }));
      const init = { method: "POST", body: JSON.stringify({ model: "m", messages: [] }) };
      let tries = 0;
      const agent = async (): Promise<void> => {
        await (await fetch(`${server.baseUrl}/chat/completions`, init)).text();
        tries += 1;
        if (tries === 1) throw new Error("once");
      };
      const report = await inDir([{ id: "x", retries: 1 }], { SHEAF_RETRY_DELAY: "0.001", ...env }, agent);
      await server.close();
      expect(report.status).toBe("succeeded");
      return server.requests.length;
    };
    expect(await asked({})).toBe(2);
    expect(await asked({ SHEAF_REPLAY: "retry" })).toBe(1);
  },
  SHEAF_ROOT_HASH: async () => {
    expect((await inDir([{ id: "x" }], {}, () => 1)).rootHash).toBeNull();
    expect((await inDir([{ id: "x" }], { SHEAF_ROOT_HASH: "1" }, () => 1)).rootHash).toMatch(
      /^[0-9a-f]{64}$/,
    );
  },
  SHEAF_RETAIN: async () => {
    const viewOf = async (env: Env) =>
      existsSync(join((await inDir([{ id: "x" }], env, () => 1)).runDir!, "tasks/0001-x/view"));
    expect(await viewOf({})).toBe(false);
    expect(await viewOf({ SHEAF_RETAIN: "all" })).toBe(true);
  },
  SHEAF_HOME: async () => {
    using home = tempDir();
    const report = await inDir([{ id: "x" }], { SHEAF_HOME: home.path }, () => 1);
    expect(report.runDir?.startsWith(home.path)).toBe(true);
    expect(readdirSync(report.runDir!)).toContain("journal.ndjson");
  },
  SHEAF_TRACE: async () => {
    const report = await inDir([{ id: "x" }], { SHEAF_TRACE: "no" }, () => 1);
    expect(readdirSync(report.runDir!)).not.toContain("journal.ndjson");
  },
};

const NAMES = Object.values(SETTING_TABLE).map((setting) => setting.env);

test("there is a check for every variable", () => {
  expect(Object.keys(EFFECTS).sort()).toEqual([...NAMES].sort());
});

test.each(NAMES)("%s makes a difference", async (name) => {
  await EFFECTS[name]!();
});

describe("values", () => {
  const read = (env: Env, options = {}) => readSettings(options, env);

  test.each(["true", "1", "yes", "on", "TRUE", " Yes "])("%j is true, its opposites are false", (text) => {
    expect(read({ SHEAF_USE_PROCESS_POOL: text }).settings.useProcessPool).toBe(true);
  });
  test.each(["false", "0", "no", "off"])("%j is false", (text) => {
    expect(read({ SHEAF_TRACE: text }).settings.trace).toBe(false);
  });

  const BAD: Readonly<Record<string, string>> = {
    ...Object.fromEntries(NAMES.map((name) => [name, "??"])),
    SHEAF_MAX_WORKERS: "0",
    SHEAF_TASK_TIMEOUT: "-1",
    SHEAF_MAX_MEMORY_MB: "1e3",
    SHEAF_TAGS: "llm",
    SHEAF_ROUTES: "draft,draft",
    SHEAF_FROZEN: "../x",
    SHEAF_MODEL_BASE_URL: "localhost",
    SHEAF_MODEL_TEMPERATURE: "2.1",
    SHEAF_BUDGET: "2usd/week",
  };
  // Any text is the name of a model, a key, or a path.
  const ANY = ["SHEAF_MODEL", "SHEAF_MODEL_API_KEY", "SHEAF_HOME", "SHEAF_MEMO_STORE", "SHEAF_PRICES"];
  test.each(NAMES.filter((name) => !ANY.includes(name)))(
    "a bad %s is an error that names it, what it means and what it is",
    (name) => {
      expect(() => read({ [name]: BAD[name]! })).toThrow(
        expect.objectContaining({
          code: "OPTION_INVALID",
          details: expect.objectContaining({
            option: name,
            got: BAD[name],
            expected: expect.stringMatching(/\w/),
          }),
        }),
      );
    },
  );

  test("code wins over the environment, and an empty variable is as good as none", () => {
    expect(read({ SHEAF_MAX_WORKERS: "7" }, { maxWorkers: 5 }).settings.maxWorkers).toBe(5);
    expect(read({ SHEAF_MAX_WORKERS: "" }).settings.maxWorkers).toBe(3);
  });

  test("a misspelt variable is told, with the one that was meant, and harms nothing", () => {
    expect(read({ SHEAF_MAX_WORKER: "7" }).warnings).toEqual([
      "The variable SHEAF_MAX_WORKER is not known and has no effect. Did you mean SHEAF_MAX_WORKERS?",
    ]);
  });

  test("nothing is told of variables that a task finds, as it may start a run itself", async () => {
    const print = "env | grep -o '^SHEAF_[A-Z_0-9]*'";
    const tasks: readonly TaskSpec[] = [
      { id: "a", run: print },
      { id: "b", run: `echo \${a.output} > /dev/null; ${print}` },
    ];
    const { a, b } = (await inDir(tasks, { OPENAI_API_KEY: "k" })).unwrap();
    const found = `${a}\n${b}`.split("\n");
    expect(found).toEqual(expect.arrayContaining(["SHEAF_TASK_ID", "SHEAF_GATEWAY_URL", "SHEAF_INPUT_1"]));
    found.push(...Object.keys(trackEnvironment("", "", "")), "SHEAF_WORKER");
    expect(read(Object.fromEntries(found.map((name) => [name, "x"]))).warnings).toEqual([]);
  });
});
