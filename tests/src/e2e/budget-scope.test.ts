// What falls under a budget, what does not, and what is told where it cannot be held to.
import type { Budget } from "@sheaf/core";
import { spentOf } from "@sheaf/ledger";
import type { AgentFn } from "sheaf";
import { expect, test } from "vitest";
import { ask, askedServer, asking, HELD_TOKENS, of, perform, tasksOf } from "./fixtures/budget-rig.ts";

const budgeted = askedServer();

test("a budget of a route, or of a tag, stops what falls under it", async () => {
  const tasks = [
    { id: "free", route: "reading", dependsOn: [] },
    { id: "writes", route: "writing", dependsOn: [] },
    { id: "draws", dependsOn: [], resources: { tags: ["gpu"] } },
  ];
  const failed = async (budget: Pick<Budget, "route" | "tag">) => {
    const budgets = [{ limit: { tokens: 1 }, window: "run", ...budget }] as const;
    const done = await perform(tasks, asking, { maxWorkers: 1, mode: "sequential", budgets });
    return of(done, "budget.refused").map(({ taskId }) => taskId);
  };
  expect(await failed({ route: "writing" })).toEqual(["writes"]);
  expect(await failed({ tag: "gpu" })).toEqual(["draws"]);
});

test("a spent budget of the unknown route stops tasks whose route is not listed", async () => {
  const unlisted = tasksOf(2).map((task) => ({ ...task, route: "stray" }));
  const telling: AgentFn = (_, ctx) => ctx.recordUsage({ model: "m", inputTokens: 1_000, outputTokens: 0 });
  const budgets = [{ limit: { tokens: 1_000 }, window: "run", route: "unknown" }] as const;
  const { report } = await perform(unlisted, telling, { routes: ["dear"], maxWorkers: 1, budgets });
  expect(report.status).toBe("budget-exhausted");
  expect(report.tasks.t1).toMatchObject({ outcome: "skipped", attempts: 0 });
});

test("a call without a price is refused where a budget is in USD", async () => {
  const done = await perform(tasksOf(1), asking, {
    prices: {},
    budgets: [{ limit: { usd: 5 }, window: "run" }],
  });
  expect(done.report.status).toBe("budget-exhausted");
  expect(of(done, "budget.refused")).toMatchObject([{ reason: "unpriced", asked: null }]);
  expect(budgeted.server.requests).toEqual([]);
});

test("what is done, but waits for a task that a budget has stopped, is told so and was not paid for in vain", async () => {
  const agent: AgentFn = async ({ id }) => {
    if (id === "t0") await isAnswered;
    await ask(id);
    answered();
  };
  let answered = (): void => {};
  const isAnswered = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const budgets = [{ limit: { tokens: HELD_TOKENS + 20 }, window: "run" }] as const;
  const { report } = await perform(tasksOf(2), agent, { budgets, maxWorkers: 2 });
  expect(budgeted.server.requests).toHaveLength(1);
  expect(report.tasks.t0).toMatchObject({ outcome: "skipped", because: { reason: "budget" } });
  expect(report.tasks.t0!.because).not.toHaveProperty("done");
  expect(report.tasks.t1).toMatchObject({ outcome: "skipped", because: { reason: "budget", done: true } });
  expect(report.cost.byClass.useful.calls).toBe(1);
});

test("what budgets cannot hold is told when the run starts", async () => {
  const limit = { tokens: 1_000 };
  const done = await perform(
    [
      { ...tasksOf(1)[0]!, id: "past", unmetered: true, route: "dear" },
      { ...tasksOf(1)[0]!, id: "cheap", unmetered: true },
    ],
    () => 1,
    {
      routes: ["dear"],
      budgets: ["dear", "daer", "analysis"].map((route) => ({ limit, window: "run", route })),
    },
  );
  expect(of(done, "run.fallback").map(({ part, reason }) => [part, reason])).toEqual([
    ["budgets", expect.stringMatching(/unmetered tasks.*: past$/)],
    ["budgets", expect.stringContaining("1000 tokens a run for the route daer: `routes`")],
  ]);
});

test("the analysis asks no model without room for it, and says so", async () => {
  const spec = ["a", "b"].map((id) => ({ id, description: `do ${id}` }));
  const done = await perform(spec, () => 1, {
    ...{
      useLlmDeps: "always",
      modelBaseUrl: budgeted.server.baseUrl,
      modelApiKey: "k",
      model: "m",
      waitsForPlan: true,
    },
    budgets: [{ limit: { tokens: 500 }, window: "run" }],
  });
  expect(budgeted.server.requests).toEqual([]);
  expect(done.report.status).toBe("succeeded");
  expect(
    of(done, "run.fallback")
      .map(({ reason }) => reason)
      .join(),
  ).toContain("budget of 500 tokens a run");
});

test("what the analysis has used counts against budgets", async () => {
  budgeted.script = () => ({
    kind: "answer",
    content: '{"tasks":[]}',
    usage: { prompt_tokens: 600, completion_tokens: 400 },
  });
  const spec = ["a", "b"].map((id) => ({ id, description: `do ${id}` }));
  const done = await perform(spec, asking, {
    ...{
      useLlmDeps: "always",
      modelBaseUrl: budgeted.server.baseUrl,
      modelApiKey: "k",
      model: "m",
      waitsForPlan: true,
    },
    ...{ budgets: [{ limit: { tokens: 20_000 }, window: "run" }] },
  });
  const analyses = of(done, "analysis.usage").length;
  expect(analyses).toBeGreaterThan(0);
  expect(spentOf(done.events).filter(({ route }) => route === "analysis")).toHaveLength(analyses);
});
