import { type EventOf, type RunEvent, SheafError } from "@sheaf/core";
import { summarizeCost } from "@sheaf/ledger";
import { describe, expect, test } from "vitest";
import { executeWithParallelism, type RunHandle, type RunOptions } from "./index.ts";
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

  test("a list of routes is closed: all of them are in the bill, the rest is unknown and told", async () => {
    const tasks = [
      { id: "a", route: "draft" },
      { id: "b", route: "darft" },
      { id: "c", route: "other" },
      { id: "d", route: "other" },
      { id: "e", route: "unknown" },
      { id: "f" },
    ];
    const call = { model: "m", costUsd: 1 };
    const options = { ...OPTIONS, routes: ["review", "draft"] };
    const run = executeWithParallelism(tasks, (_, ctx) => ctx.recordUsage(call), options);
    const events: RunEvent[] = [];
    for await (const event of run) events.push(event);
    const { byRoute } = (await run).cost;
    expect(Object.entries(byRoute).map(([name, { usd, calls }]) => [name, usd, calls])).toEqual([
      ["review", 0, 0],
      ["draft", 1, 1],
      ["analysis", 0, 0],
      ["unknown", 5, 5],
    ]);
    expect(
      events.flatMap((event) =>
        event.type === "run.fallback" && event.part === "configuration" ? [event.reason] : [],
      ),
    ).toEqual([
      'The route "darft" of task b is not among `routes` and counts as unknown. Did you mean "draft"?',
      'The route "other" of tasks c, d is not among `routes` and counts as unknown.',
    ]);
  });

  test.each([
    ["not a list", "draft"],
    ["empty", []],
    ["with one twice", ["a", "a"]],
    ["with none that is a name", ["a", " "]],
    ["with a name that is there anyway", ["a", "unknown"]],
    ["with a name too long", ["x".repeat(101)]],
  ])("a list of routes that is %s is refused", (_, routes) => {
    const start = () =>
      executeWithParallelism([{ id: "a" }], () => 1, { ...OPTIONS, routes: routes as string[] });
    expect(start).toThrow(/Expected `routes` to be names of routes, each once/);
  });

  test("a call of which nobody tells the cost is priced when it is booked, and its event says by what", async () => {
    const run = executeWithParallelism(
      [{ id: "a" }],
      (_, ctx) => {
        const call = { provider: "openai", model: "gpt-4o-mini", inputTokens: 100, outputTokens: 50 };
        for (let i = 0; i < 3; i++) ctx.recordUsage(call);
        ctx.recordUsage({ ...call, costUsd: 1 });
      },
      OPTIONS,
    );
    const events: RunEvent[] = [];
    for await (const event of run) events.push(event);
    const { cost } = await run;
    expect(cost).toMatchObject({ totalUsd: 1.000135, partial: false, calls: 4 });
    expect(summarizeCost(events)).toEqual(cost);
    const booked = events.filter(
      (event): event is EventOf<"attempt.usage"> => event.type === "attempt.usage",
    );
    expect(booked[0]!.usage).toMatchObject({
      ...{ costUsd: 0.000045, costSource: "local" },
      price: { source: "genai-prices", version: "0.1.8", model: "gpt-4o-mini", tier: "standard" },
    });
    expect(booked[3]!.usage).toMatchObject({ costUsd: 1, costSource: "caller" });
    expect(booked[3]!.usage.price).toBeUndefined();
  });

  test("the user's own prices count, and bad ones are refused before anything starts", async () => {
    const run = (options: RunOptions): RunHandle =>
      executeWithParallelism(
        [{ id: "a" }],
        (_, ctx) => ctx.recordUsage({ provider: "lab", model: "m", inputTokens: 500_000, outputTokens: 1 }),
        { ...OPTIONS, ...options },
      );
    expect((await run({ prices: { lab: { m: { input: 1, output: 2 } } } })).cost.totalUsd).toBe(0.500002);
    expect((await run({})).cost).toMatchObject({ totalUsd: null, partial: true, unpricedCalls: 1 });
    expect(() => run({ prices: { lab: { m: { input: -1 } } } })).toThrow("`prices.lab.m.input`");
    expect(() => run({ env: { SHEAF_PRICES: "/nowhere/prices.json" } })).toThrow("SHEAF_PRICES");
    expect(() => run({ prices: [] as never })).toThrow("Expected `prices` to be");
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
