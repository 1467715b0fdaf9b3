import { describe, expect, test } from "vitest";
import { executeWithParallelism } from "./index.ts";
import { OPTIONS, outcomes, scripted, settle } from "./run-rig.ts";

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
