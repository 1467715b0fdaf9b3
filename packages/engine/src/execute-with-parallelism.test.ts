import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "@sheaf/core";
import { tempDir } from "@sheaf/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { executeWithParallelism } from "./index.ts";
import { OPTIONS, outcomes, scripted, settle } from "./run-rig.ts";

const thrower = (): never => {
  throw new Error("no text");
};

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
