import { SheafError } from "@sheaf/core";
import { describe, expect, test } from "vitest";
import { executeWithParallelism } from "./index.ts";
import { OPTIONS, scripted } from "./run-rig.ts";

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
