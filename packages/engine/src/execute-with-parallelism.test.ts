import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunEvent, SheafError } from "@sheaf/core";
import { FakeClock, type ScriptedAgent, scriptedAgent, tempDir } from "@sheaf/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { executeWithParallelism, type RunOptions, type RunReport } from "./index.ts";

const OPTIONS: RunOptions = { env: {}, validate: true };

const thrower = (): never => {
  throw new Error("no text");
};

const outcomes = (report: RunReport): Record<string, string> =>
  Object.fromEntries(Object.values(report.tasks).map(({ id, outcome }) => [id, outcome]));

/** Lets everything that can happen without the clock happen. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

function scripted(tasks: Parameters<typeof executeWithParallelism>[0], options: RunOptions = {}) {
  const agent: ScriptedAgent = scriptedAgent();
  const clock = new FakeClock();
  const run = executeWithParallelism(tasks, agent.run, { ...OPTIONS, clock, ...options });
  return { agent, clock, run };
}

describe("a run", () => {
  test("gives outputs, outcomes, timing and the guarantee", async () => {
    const report = await executeWithParallelism(
      [{ id: "a" }, { id: "b" }, { id: "sum", dependsOn: ["a", "b"] }],
      (task, ctx) => (task.id === "sum" ? [ctx.inputs.a, ctx.inputs.b] : task.id.toUpperCase()),
      OPTIONS,
    );
    expect(report.status).toBe("succeeded");
    expect(report.unwrap()).toEqual({ a: "A", b: "B", sum: ["A", "B"] });
    expect(report.guarantee.level).toBe("serial-equivalent");
    expect(report.timing.speedupBound).toBeGreaterThan(0);
    expect(report.order).toEqual(["a", "b", "sum"]);
  });

  test("an id like constructor or __proto__ is one like any other", async () => {
    const report = await executeWithParallelism(
      [
        { id: "constructor" },
        { id: "__proto__", dependsOn: ["constructor"] },
        { id: "toString", dependsOn: ["__proto__"] },
      ],
      (task, ctx) => `${ctx.inputs[task.dependsOn?.[0] ?? ""] ?? ""}${task.id};`,
      OPTIONS,
    );
    expect(Object.keys(report.tasks)).toEqual(["constructor", "__proto__", "toString"]);
    expect(Object.values(report.unwrap()).at(-1)).toBe("constructor;__proto__;toString;");
  });

  test("its events can be followed from the first on by several readers, each at its own pace", async () => {
    const { agent, run } = scripted([{ id: "a" }, { id: "b", dependsOn: ["a"] }]);
    const first: RunEvent[] = [];
    const reading = (async () => {
      for await (const event of run) first.push(event);
    })();
    (await agent.next("a")).succeed();
    (await agent.next("b")).succeed();
    await run;
    await reading;
    const second: RunEvent[] = [];
    for await (const event of run) second.push(event);
    expect(second).toEqual(first);
    expect(first.map(({ seq }) => seq)).toEqual(first.map((_, i) => i));
    expect(first.at(-1)).toMatchObject({ type: "run.finished", status: "succeeded" });
  });

  test("the plan is known before the first task starts, and the run can be cancelled on its account", async () => {
    const { agent, run } = scripted([{ id: "a" }, { id: "b", dependsOn: ["a"] }]);
    const plan = await run.plan;
    expect(agent.started).toEqual([]);
    expect(plan.levels).toEqual([["a"], ["b"]]);
    run.cancel("too long");
    const report = await run;
    expect(agent.started).toEqual([]);
    expect(report.status).toBe("cancelled");
    expect(report.tasks.b?.because).toEqual({ reason: "cancelled", message: "too long" });
  });

  test("a caller who neither awaits nor loops is not brought down by it", async () => {
    executeWithParallelism([{ id: "a" }], () => Promise.reject(new Error("unheard")), OPTIONS);
    await settle();
  });

  test("inputs are copies: what one task does to them no other sees", async () => {
    const report = await executeWithParallelism(
      [{ id: "list" }, { id: "spoil", dependsOn: ["list"] }, { id: "read", dependsOn: ["list", "spoil"] }],
      (task, ctx) => {
        if (task.id === "list") return [1];
        const list = ctx.inputs.list as number[];
        if (task.id === "spoil") list.push(2);
        return list;
      },
      OPTIONS,
    );
    expect(report.unwrap()).toEqual({ list: [1], spoil: [1, 2], read: [1] });
  });

  test("a closure may start a run of its own even when its own slot is the only one", async () => {
    const report = await executeWithParallelism(
      [{ id: "outer" }],
      async () => (await executeWithParallelism([{ id: "inner" }], () => 42, OPTIONS)).unwrap().inner,
      { ...OPTIONS, maxWorkers: 1 },
    );
    expect(report.unwrap().outer).toBe(42);
  });
});

describe("dispatch", () => {
  test("a fast branch never waits for a slow sibling", async () => {
    const { agent, run } = scripted([{ id: "slow" }, { id: "fast" }, { id: "next", dependsOn: ["fast"] }]);
    (await agent.next("fast")).succeed();
    (await agent.next("next")).succeed();
    await settle();
    expect(agent.open).toEqual(new Set(["slow"]));
    (await agent.next("slow")).succeed();
    expect((await run).status).toBe("succeeded");
  });

  test("with levels it does", async () => {
    const { agent, run } = scripted([{ id: "slow" }, { id: "fast" }, { id: "next", dependsOn: ["fast"] }], {
      schedule: "levels",
    });
    (await agent.next("fast")).succeed();
    await settle();
    expect([...agent.started].sort()).toEqual(["fast", "slow"]);
    (await agent.next("slow")).succeed();
    (await agent.next("next")).succeed();
    await run;
  });

  test("the longest remaining path goes first, by estimates", async () => {
    const tasks = [
      { id: "short", estimateMs: 10, dependsOn: [] },
      { id: "long", estimateMs: 100, dependsOn: [] },
      { id: "after-short", estimateMs: 500, dependsOn: ["short"] },
    ];
    const { agent, run } = scripted(tasks, { maxWorkers: 1 });
    for (const id of ["short", "after-short", "long"]) (await agent.next(id)).succeed();
    await run;
    expect(agent.started).toEqual(["short", "after-short", "long"]);
  });

  test("never more than maxWorkers run at once, over all runs of the process", async () => {
    let running = 0;
    let most = 0;
    const agent = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await settle();
      running -= 1;
    };
    const tasks = Array.from({ length: 12 }, (_, i) => ({ id: `t${i}`, dependsOn: [] }));
    const run = () => executeWithParallelism(tasks, agent, { ...OPTIONS, maxWorkers: 3 });
    await Promise.all([run(), run()]);
    expect(most).toBe(3);
  });

  test("a tag limits its tasks, and those that wait say so", async () => {
    const tasks = ["a", "b"].map((id) => ({ id, dependsOn: [], resources: { tags: ["llm"] } }));
    const { agent, run } = scripted(tasks, { tags: { llm: 1 } });
    const first = await agent.next("a");
    await settle();
    expect(agent.started).toEqual(["a"]);
    first.succeed();
    (await agent.next("b")).succeed();
    await run;
    const waits = [];
    for await (const event of run) if (event.type === "task.waiting") waits.push(event);
    expect(waits).toMatchObject([{ taskId: "b", reason: 'waits for the limit "llm": 1 of 1 in use' }]);
  });

  test("sequential mode and enableParallel: false run one after another, in list order", async () => {
    for (const options of [{ mode: "sequential" }, { enableParallel: false, mode: "parallel" }] as const) {
      const tasks = ["a", "b", "c"].map((id, i) => ({ id, estimateMs: 10 ** i, dependsOn: [] }));
      const { agent, run } = scripted(tasks, options);
      for (const id of ["a", "b", "c"]) {
        const call = await agent.next(id);
        await settle();
        expect(agent.open).toEqual(new Set([id]));
        call.succeed();
      }
      await run;
    }
  });

  test("a list in which nothing is declared is a chain, in parallel mode everything starts", async () => {
    const auto = scripted([{ id: "a" }, { id: "b" }]);
    const call = await auto.agent.next("a");
    await settle();
    expect(auto.agent.started).toEqual(["a"]);
    call.succeed();
    (await auto.agent.next("b")).succeed();
    await auto.run;
    const parallel = scripted([{ id: "a" }, { id: "b" }], { mode: "parallel" });
    await parallel.agent.next("b").then((later) => later.succeed());
    await parallel.agent.next("a").then((later) => later.succeed());
    expect((await parallel.run).status).toBe("succeeded");
  });
});

describe("outputs in parallel mode", () => {
  test("a task that took an output too early runs again in its place, once, and says why", async () => {
    const { agent, run } = scripted([{ id: "a" }, { id: "b" }], { mode: "parallel" });
    const early = await agent.next("b");
    const read = () => early.ctx.inputs.a;
    expect(read).toThrow(/before that task had finished/);
    early.fail(new Error("no input"));
    (await agent.next("a")).succeed("fresh");
    const again = await agent.next("b");
    again.succeed(again.ctx.inputs.a);
    const report = await run;
    expect(report.unwrap().b).toBe("fresh");
    expect(report.tasks.b).toMatchObject({ attempts: 2, conflicts: 1 });
    const conflicts = [];
    for await (const event of run) if (event.type === "task.conflicted") conflicts.push(...event.conflicts);
    expect(conflicts).toEqual([{ what: "output of a", with: "a" }]);
  });
});

describe("inputs as a whole", () => {
  test("a task that lists them before an earlier one has finished runs again, and lists them all", async () => {
    const { agent, run } = scripted([{ id: "a" }, { id: "b" }, { id: "c" }], { mode: "parallel" });
    const early = await agent.next("c");
    (await agent.next("a")).succeed(1);
    await settle();
    expect({ ...early.ctx.inputs }).toEqual({ a: 1 });
    (await agent.next("b")).succeed(2);
    await settle();
    // What it has once seen stays.
    expect(Object.keys(early.ctx.inputs)).toEqual(["a"]);
    expect(() => early.ctx.inputs.b).toThrow(/before that task had finished/);
    early.succeed(Object.keys(early.ctx.inputs));
    const again = await agent.next("c");
    again.succeed({ ...again.ctx.inputs });
    const report = await run;
    expect(report.unwrap().c).toEqual({ a: 1, b: 2 });
    expect(report.tasks.c).toMatchObject({ attempts: 2, conflicts: 1 });
  });

  test("so does one that asked whether there was one", async () => {
    const { agent, run } = scripted([{ id: "a" }, { id: "b" }], { mode: "parallel" });
    const early = await agent.next("b");
    early.succeed("a" in early.ctx.inputs);
    (await agent.next("a")).succeed();
    const again = await agent.next("b");
    again.succeed("a" in again.ctx.inputs);
    expect((await run).unwrap().b).toBe(true);
  });

  test("an earlier task that failed has none, and that is no conflict", async () => {
    const { agent, run } = scripted([{ id: "bad" }, { id: "b" }], { mode: "parallel" });
    const call = await agent.next("b");
    call.succeed(Object.keys(call.ctx.inputs));
    (await agent.next("bad")).fail(new Error("no"));
    expect((await run).tasks.b).toMatchObject({ outcome: "succeeded", output: [], attempts: 1 });
  });
});

describe("failing", () => {
  test("what does not depend on a failed task goes on; what does is skipped and names the root", async () => {
    const report = await executeWithParallelism(
      [
        { id: "bad" },
        { id: "child", dependsOn: ["bad"] },
        { id: "grandchild", dependsOn: ["child"] },
        { id: "other" },
      ],
      (task) => {
        if (task.id === "bad") throw new TypeError("no way");
        return task.id;
      },
      OPTIONS,
    );
    expect(report.status).toBe("partial");
    expect(outcomes(report)).toEqual({
      bad: "failed",
      child: "skipped",
      grandchild: "skipped",
      other: "succeeded",
    });
    expect(report.tasks.bad?.failure).toMatchObject({
      kind: "agent",
      error: { name: "TypeError", message: "no way" },
    });
    expect(report.tasks.grandchild?.because).toEqual({ reason: "dependency", taskId: "child", root: "bad" });
  });

  test("unwrap throws every failure, each with its cause", async () => {
    const report = await executeWithParallelism(
      [
        { id: "a", dependsOn: [] },
        { id: "b", dependsOn: [] },
      ],
      (task) => Promise.reject(Object.assign(new Error(`${task.id} broke`), { code: "E_BROKE" })),
      OPTIONS,
    );
    expect(report.status).toBe("failed");
    const error = (() => {
      try {
        return report.unwrap();
      } catch (thrown) {
        return thrown as AggregateError;
      }
    })() as AggregateError;
    expect(error.message).toBe("The run did not succeed: 2 failed of 2 tasks.");
    expect(error.errors.map((each: Error) => (each.cause as { code: string }).code)).toEqual([
      "E_BROKE",
      "E_BROKE",
    ]);
  });

  test("a task that takes the output of one that failed is skipped for it", async () => {
    const report = await executeWithParallelism(
      [{ id: "bad" }, { id: "takes" }],
      (task, ctx) => {
        if (task.id === "bad") throw new Error("no");
        return ctx.inputs.bad;
      },
      { ...OPTIONS, mode: "parallel" },
    );
    expect(report.tasks.takes).toMatchObject({
      outcome: "skipped",
      because: { reason: "input", taskId: "bad", root: "bad" },
    });
  });

  test("a reference to a key that the output does not have fails the task, at once and with what is there", async () => {
    const report = await executeWithParallelism(
      [{ id: "f" }, { id: "takes", description: "look into ${f.output.dir}", retries: 2 }],
      () => ({ folder: "/tmp" }),
      OPTIONS,
    );
    expect(report.tasks.takes).toMatchObject({
      ...{ outcome: "failed", attempts: 1 },
      failure: { kind: "input", error: { code: "INPUT_MISSING" } },
    });
    expect(report.tasks.takes?.failure?.error.message).toMatch(/object with 1 key: folder/);
  });

  test("retries back off twice as long each time, with jitter, and free the slot meanwhile", async () => {
    const { agent, clock, run } = scripted(
      [
        { id: "flaky", retries: 2, dependsOn: [] },
        { id: "other", dependsOn: [] },
      ],
      {
        maxWorkers: 1,
        retryDelayMs: 1_000,
      },
    );
    (await agent.next("flaky")).fail(new Error("first"));
    (await agent.next("other")).succeed();
    await settle();
    clock.advance(499);
    await settle();
    expect(agent.started).toEqual(["flaky", "other"]);
    clock.advance(501);
    (await agent.next("flaky")).fail(new Error("second"));
    await settle();
    clock.advance(2_000);
    const third = await agent.next("flaky");
    expect(third.ctx.attempt).toBe(3);
    third.succeed("at last");
    const report = await run;
    expect(report.tasks.flaky).toMatchObject({ outcome: "succeeded", attempts: 3, output: "at last" });
    const delays = [];
    for await (const event of run) if (event.type === "task.retrying") delays.push(event.delayMs);
    expect(delays[0]).toBeGreaterThanOrEqual(500);
    expect(delays[0]).toBeLessThanOrEqual(1_000);
    expect(delays[1]).toBeGreaterThanOrEqual(1_000);
    expect(delays[1]).toBeLessThanOrEqual(2_000);
  });

  test("a timeout ends the attempt, aborts its signal and says how long it had", async () => {
    const { agent, clock, run } = scripted([{ id: "slow", timeoutMs: 5_000 }]);
    const call = await agent.next("slow");
    await settle();
    clock.advance(4_999);
    expect(call.ctx.signal.aborted).toBe(false);
    clock.advance(1);
    expect(call.ctx.signal.aborted).toBe(true);
    const report = await run;
    expect(report.tasks.slow?.failure).toMatchObject({
      kind: "timeout",
      error: { code: "ATTEMPT_TIMED_OUT" },
    });
    call.succeed("too late");
    expect(report.tasks.slow?.output).toBeUndefined();
  });

  test("silence ends an attempt that promised signs of life; each sign gives it more time", async () => {
    const { agent, clock, run } = scripted([{ id: "quiet", idleTimeoutMs: 1_000 }]);
    const call = await agent.next("quiet");
    await settle();
    clock.advance(900);
    call.ctx.heartbeat();
    clock.advance(900);
    call.ctx.progress(0.5);
    clock.advance(900);
    expect(call.ctx.signal.aborted).toBe(false);
    clock.advance(100);
    expect((await run).tasks.quiet?.failure).toMatchObject({ kind: "idle" });
  });

  test("stop: the failure ends the run in its place, and later tasks name it", async () => {
    const { agent, run } = scripted(
      ["a", "bad", "c", "d"].map((id) => ({ id, dependsOn: [] })),
      {
        onFailure: "stop",
        maxWorkers: 3,
      },
    );
    (await agent.next("bad")).fail(new Error("no"));
    await settle();
    expect(agent.started).toEqual(["a", "bad", "c"]);
    (await agent.next("a")).succeed();
    (await agent.next("c")).succeed();
    const report = await run;
    expect(report.status).toBe("failed");
    expect(outcomes(report)).toEqual({ a: "succeeded", bad: "failed", c: "skipped", d: "skipped" });
    expect(report.tasks.c?.because).toEqual({ reason: "stopped", taskId: "bad" });
  });

  test("cancel on failure: what runs is aborted at once", async () => {
    const { agent, run } = scripted(
      ["bad", "b"].map((id) => ({ id, dependsOn: [] })),
      { onFailure: "cancel" },
    );
    const other = await agent.next("b");
    (await agent.next("bad")).fail(new Error("no"));
    const report = await run;
    expect(other.ctx.signal.aborted).toBe(true);
    expect(outcomes(report)).toEqual({ bad: "failed", b: "skipped" });
  });
});

describe("cancelling", () => {
  test("cancel aborts what runs and every task says so", async () => {
    const { agent, run } = scripted(
      ["a", "b"].map((id) => ({ id, dependsOn: [] })),
      { maxWorkers: 1 },
    );
    const call = await agent.next("a");
    run.cancel("enough");
    run.cancel("the second reason does not count");
    const report = await run;
    expect(call.ctx.signal.reason).toMatchObject({ name: "AbortError" });
    expect(report.status).toBe("cancelled");
    expect(report.tasks.a?.because).toEqual({ reason: "cancelled", message: "enough" });
    const events = [];
    for await (const event of run) if (event.type === "run.cancelling") events.push(event.message);
    expect(events).toEqual(["enough"]);
  });

  test.each([
    ["a text", "enough", "enough"],
    ["nothing", undefined, ""],
    ["an error", new TypeError("enough"), "enough"],
    ["a number", 3, "3"],
    ["what cannot be made a text", Object.create(null), "{}"],
    [
      "what throws when it is made one",
      { toJSON: thrower, toString: thrower },
      "an object that cannot be shown",
    ],
  ])("cancel takes any reason: %s", async (_what, reason, message) => {
    const { run } = scripted([{ id: "a" }]);
    run.cancel(reason as never);
    expect((await run).tasks.a?.because).toEqual({ reason: "cancelled", message });
    const controller = new AbortController();
    const { run: followed } = scripted([{ id: "a" }], { signal: controller.signal });
    controller.abort(reason);
    expect((await followed).status).toBe("cancelled");
  });

  test("big integers may stand in an input", async () => {
    const report = await executeWithParallelism(
      [{ id: "a", input: { n: 12n } }],
      (task) => (task.input as { n: bigint }).n * 2n,
      OPTIONS,
    );
    expect(report.unwrap()).toEqual({ a: 24n });
  });

  test("an aborted signal cancels, before and during a run", async () => {
    const before = await executeWithParallelism([{ id: "a" }], () => 1, {
      ...OPTIONS,
      signal: AbortSignal.abort(new Error("gone")),
    });
    expect(before.tasks.a?.because).toEqual({ reason: "cancelled", message: "gone" });
    const controller = new AbortController();
    const { agent, run } = scripted([{ id: "a" }], { signal: controller.signal });
    await agent.next("a");
    controller.abort(new Error("later"));
    expect((await run).status).toBe("cancelled");
  });
});

describe("cost", () => {
  test("what tasks book is summed by task, route, agent and model, and by what became of it", async () => {
    const report = await executeWithParallelism(
      {
        tasks: [
          { id: "good", agent: "writer", route: "draft" },
          { id: "bad", agent: "writer" },
        ],
      },
      (task, ctx) => {
        ctx.recordUsage({ model: "m1", inputTokens: 100, outputTokens: 50, costUsd: 0.25 });
        ctx.modelLoaded("m1", 400);
        if (task.id === "bad") throw new Error("paid for nothing");
      },
      { ...OPTIONS, mode: "parallel" },
    );
    expect(report.cost).toMatchObject({
      totalUsd: 0.5,
      partial: false,
      calls: 2,
      inputTokens: 200,
      outputTokens: 100,
    });
    expect(report.cost.byClass.useful.usd).toBe(0.25);
    expect(report.cost.byClass["failed-attempt"].usd).toBe(0.25);
    expect(report.cost.byAgent.writer?.usd).toBe(0.5);
    expect(report.cost.byRoute).toMatchObject({ draft: { usd: 0.25 }, unknown: { usd: 0.25 } });
    expect(report.cost.resources.byTask.good).toMatchObject({ modelLoads: 1, vramPeakMiB: 400 });
  });

  test("the attempt that a conflict threw away is paid under that name", async () => {
    const { agent, run } = scripted([{ id: "a" }, { id: "b" }], { mode: "parallel" });
    const early = await agent.next("b");
    early.ctx.recordUsage({ model: "m", inputTokens: 7 });
    expect(() => early.ctx.inputs.a).toThrow(SheafError);
    early.succeed();
    (await agent.next("a")).succeed(1);
    const again = await agent.next("b");
    again.ctx.recordUsage({ model: "m", inputTokens: 5 });
    again.succeed();
    const { cost } = await run;
    expect(cost.byClass["conflict-rerun"].inputTokens).toBe(7);
    expect(cost.byClass.useful.inputTokens).toBe(5);
    expect(cost).toMatchObject({ totalUsd: null, partial: true, unpricedCalls: 2 });
  });
});

const circular = (): object => {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
};

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
};

describe("mistakes of the caller throw at once", () => {
  const start =
    (run: unknown, agent: unknown = () => 1, options: RunOptions = {}) =>
    () =>
      executeWithParallelism(run as never, agent as never, { ...OPTIONS, ...options });

  test.each([
    ["no tasks", [], "TASKS_EMPTY"],
    [
      "a cycle",
      [
        { id: "a", dependsOn: ["b"] },
        { id: "b", dependsOn: ["a"] },
      ],
      "GRAPH_CYCLE",
    ],
    ["an unknown id", [{ id: "a", dependsOn: ["zzz"] }], "EDGE_UNKNOWN_TASK"],
    ["a task that depends on itself", [{ id: "a", dependsOn: ["a"] }], "EDGE_SELF_LOOP"],
    ["a duplicate id", [{ id: "a" }, { id: "a" }], "TASK_ID_DUPLICATE"],
    ["an id that is a path", [{ id: "../x" }], "TASK_ID_INVALID"],
    ["a number as an id", [{ id: 7 }], "TASK_ID_INVALID"],
    ["no object", ["a"], "TASK_INVALID"],
    ["a wrong type", [{ id: "a", retries: "3" }], "TASK_INVALID"],
    ["a misspelt key", [{ id: "a", retrys: 3 }], "TASK_INVALID"],
    ["a negative timeout", [{ id: "a", timeoutMs: -1 }], "TASK_INVALID"],
    ["a read outside", [{ id: "a", reads: ["../x"] }], "TASK_INVALID"],
    ["retries beside effects", [{ id: "a", effects: ["api:x"], retries: 1 }], "TASK_INVALID"],
    ["a NUL character in a command", [{ id: "a", run: "echo \0" }], "TASK_INVALID"],
    ["a command and an agent", [{ id: "a", run: "ls", agent: "x" }], "TASK_INVALID"],
    ["its own output", [{ id: "a", run: "echo ${a.output}" }], "TASK_INVALID"],
    ["the output of no task, in a command", [{ id: "a", run: "echo ${x.output}" }], "TASK_INVALID"],
    ["the output of no task, in an input", [{ id: "a", input: [{ x: "${x.output}" }] }], "TASK_INVALID"],
    ["the output of a later task", [{ id: "a", input: "${b.output}" }, { id: "b" }], "TASK_INVALID"],
    ["nothing in the place of a task", [undefined], "TASK_INVALID"],
    // biome-ignore lint/suspicious/noSparseArray: a hole is the case
    ["a hole in the list", [{ id: "a" }, , { id: "b" }], "TASK_INVALID"],
    ["input that holds itself", [{ id: "a", input: circular() }], "TASK_INVALID"],
    ["input without a bottom", [{ id: "a", input: nested(20_000) }], "TASK_INVALID"],
    ["no list", "tasks", "OPTION_INVALID"],
    ["a directory that is not there", { dir: "/absent/dir", tasks: [{ id: "a" }] }, "DIR_UNUSABLE"],
  ])("%s", (_what, run, code) => {
    expect(start(run)).toThrow(expect.objectContaining({ code }));
  });

  test("a misspelt key is told with the right one", () => {
    expect(start([{ id: "a", retrys: 3 }])).toThrow(
      'Task "a": expected `retrys` to be spelled "retries", got 3.',
    );
  });

  test("a reference that nobody serves is told with its place and the reason", () => {
    expect(start([{ id: "a", input: [{ x: "<${x.output.y}>" }] }])).toThrow(
      'Task "a": expected `input.0.x` to be a text that takes only outputs of tasks in the list (there is no task "x"), got "${x.output.y}".',
    );
    expect(start([{ id: "a", run: "echo ${b.output}" }, { id: "b" }])).toThrow(
      'Task "a": expected `run` to be a text that takes only outputs of earlier tasks ("b" comes after it: move it up, or declare dependsOn: ["b"]), got "${b.output}".',
    );
  });

  test("what is there is told as it was written", () => {
    expect(start([{ id: "a", retries: "3" }])).toThrow(/from 0 to 100, got "3"\.$/);
    expect(start([{ id: "a", timeoutMs: Number.POSITIVE_INFINITY }])).toThrow(/got Infinity\.$/);
    expect(start([{ id: "a" }], () => 1, { maxWorkers: Number.NaN })).toThrow(/got NaN\.$/);
    expect(start([undefined])).toThrow(
      'Task "number 1": expected it to be a task: an object with an id, got undefined.',
    );
    expect(start([{ id: "a", input: circular() }])).toThrow(
      "plain data that can be copied (it holds itself), got an object that cannot be shown.",
    );
  });

  test("an agent that is none, or that nobody named", () => {
    expect(start([{ id: "a" }], 7)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    expect(start({ tasks: [{ id: "a", agent: "x" }], agents: { y: () => 1 } }, null)).toThrow(/agent/);
    expect(() => executeWithParallelism([{ id: "a" }], undefined, OPTIONS)).toThrow(
      /agent for tasks that name none/,
    );
  });

  test("a plain function asked to run in a thread, with what to do", () => {
    expect(start([{ id: "a" }], () => 1, { executor: "thread" })).toThrow(
      /defineAgent\(\{ name, run \}, import\.meta\.url\)/,
    );
  });

  test("an agent module that is not there", () => {
    expect(start([{ id: "a" }], { module: "/absent/agents.mjs" })).toThrow(/no such file/);
  });

  test.each([
    ["signal", 3],
    ["signal", { aborted: false }],
    ["clock", {}],
    ["clock", () => 0],
    ["validate", "yes"],
    ["env", "PATH"],
    ["env", null],
    ["costWeights", []],
    ["tags", [3]],
    ["maxWorkers", "3"],
  ])("the option %s with a value of the wrong type, before anything starts", (option, value) => {
    const agent = scriptedAgent();
    expect(start([{ id: "a" }], agent.run, { [option]: value } as never)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", details: expect.objectContaining({ option }) }),
    );
    expect(agent.started).toEqual([]);
  });

  test.each([[null], [[]], ["fast"], [3]])("options that are no object: %j", (options) => {
    expect(() => executeWithParallelism([{ id: "a" }], () => 1, options as never)).toThrow(
      expect.objectContaining({
        code: "OPTION_INVALID",
        details: expect.objectContaining({ option: "options" }),
      }),
    );
  });

  test.each([
    ["agents", () => 1],
    ["agents", [() => 1]],
    ["agents.unused", 7],
  ])("agents that are none: %s", (option, agents) => {
    const given = option === "agents" ? agents : { unused: agents };
    expect(start({ tasks: [{ id: "a" }], agents: given })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", details: expect.objectContaining({ option }) }),
    );
  });

  test("an unknown option, with the one that was meant", () => {
    expect(start([{ id: "a" }], () => 1, { maxworkers: 3 } as never)).toThrow(/`maxWorkers`/);
  });
});

test("words for people may look like a reference to a task that is not there", async () => {
  const tasks = [{ id: "a", description: "what ${x.output} means in a shell" }];
  expect((await executeWithParallelism(tasks, (task) => task.description, OPTIONS)).unwrap().a).toBe(
    "what ${x.output} means in a shell",
  );
});

test("a directory that is gone when a task is to be committed ends the run as failed, with a report", async () => {
  const [shared, home] = [tempDir(), tempDir()];
  onTestFinished(() => {
    for (const dir of [shared, home]) dir[Symbol.dispose]();
  });
  const { agent, run } = scripted(
    {
      dir: shared.path,
      tasks: [
        { id: "a", reads: [], writes: ["a.txt"] },
        { id: "b", dependsOn: ["a"] },
      ],
    },
    { home: home.path },
  );
  const call = await agent.next("a");
  writeFileSync(join(call.ctx.dir, "a.txt"), "one");
  rmSync(shared.path, { recursive: true });
  call.succeed();
  const report = await run;
  expect([report.status, report.guarantee.level]).toEqual(["failed", "void"]);
  expect(report.fault).toMatchObject({
    code: "DIR_UNUSABLE",
    message: `The directory ${shared.path} cannot be used: it is no longer there.`,
  });
  expect(outcomes(report)).toEqual({ a: "failed", b: "cancelled" });
  expect(existsSync(shared.path)).toBe(false);
});

describe("the bound on speed-up", () => {
  const free = ["a", "b", "c", "d"].map((id) => ({ id, dependsOn: [], estimateMs: 100 }));
  const boundOf = async (tasks: readonly object[], options: RunOptions = {}): Promise<number> =>
    (await executeWithParallelism(tasks as never, () => 1, { ...OPTIONS, maxWorkers: 4, ...options }).plan)
      .speedupBound;

  test("it counts workers, limits by tag, and tasks that run in their turn", async () => {
    expect(await boundOf(free)).toBe(4);
    expect(await boundOf(free, { maxWorkers: 2 })).toBe(2);
    const tagged = free.map((task, i) => (i < 2 ? { ...task, resources: { tags: ["llm"] } } : task));
    expect(await boundOf(tagged, { tags: { llm: 1 } })).toBe(2);
    expect(await boundOf(free.map((task) => ({ ...task, effects: ["mail"] })))).toBe(1);
    expect(await boundOf(free, { mode: "sequential" })).toBe(1);
  });
});
