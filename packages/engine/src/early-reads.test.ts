import { describe, expect, test } from "vitest";
import { scripted, settle } from "./run-rig.ts";

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
