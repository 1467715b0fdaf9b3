// A budget holds, whoever asks and however many at once; what it stops is gone on with, and nothing is paid for twice.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Anthropic from "@anthropic-ai/sdk";
import type { Budget } from "@sheaf/core";
import { keepBudgets, readJournal, spentOf, summarizeCost } from "@sheaf/ledger";
import { tempDir } from "@sheaf/testkit";
import OpenAI from "openai";
import type { AgentFn } from "sheaf";
import { expect, test, vi } from "vitest";
import {
  ask,
  askedServer,
  asking,
  bodyOf,
  type Done,
  HELD_TOKENS,
  of,
  perform,
  tasksOf,
} from "./fixtures/budget-rig.ts";

const CLI = fileURLToPath(new URL("../../../packages/cli/bin/sheaf.js", import.meta.url));

const budgeted = askedServer();

const chargedTokens = (): number =>
  budgeted.server.charged.reduce((sum, { usage }) => sum + usage.prompt_tokens + usage.completion_tokens, 0);

test.each<Budget["limit"]>([{ tokens: 9_000 }, { usd: 9 }])(
  "128 calls at once never use more than %j, and all of it that a call may use",
  async (limit) => {
    const options = { maxWorkers: 128, budgets: [{ limit, window: "run" }] } as const;
    const done = await perform(tasksOf(128), asking, options);
    const { report } = done;
    expect(report.status).toBe("budget-exhausted");
    // A thousandth of a dollar a token.
    expect(chargedTokens()).toBeLessThanOrEqual(9_000);
    expect(chargedTokens()).toBeGreaterThan(9_000 - HELD_TOKENS);
    expect(report.cost.inputTokens + report.cost.outputTokens).toBe(chargedTokens());
    const outcomes = Object.values(report.tasks).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "failed")).toEqual([]);
    expect(outcomes.filter((outcome) => outcome === "succeeded").length).toBeGreaterThan(20);
    expect(of(done, "budget.alert").map(({ percent }) => percent)).toEqual(
      [75, 90, 100].slice(0, chargedTokens() === 9_000 ? 3 : 2),
    );
    const refusals = of(done, "budget.refused");
    expect(refusals.some(({ reason }) => reason === "held")).toBe(true);
    expect(refusals.some(({ reason }) => reason === "spent")).toBe(true);
  },
);

test("the clients of OpenAI and Anthropic show why a call is refused, and do not try it again", async () => {
  let sent = 0;
  const counting: typeof fetch = (...args) => {
    sent++;
    return fetch(...args);
  };
  const said: unknown[] = [];
  const tell = (error: { status: number; message: string }) => said.push([error.status, error.message]);
  const agent: AgentFn = async () => {
    await new OpenAI({ fetch: counting }).chat.completions.create(bodyOf("x")).catch(tell);
    await new Anthropic({ fetch: counting }).messages.create(bodyOf("x") as never).catch(tell);
  };
  const done = await perform(tasksOf(2), agent, {
    maxWorkers: 1,
    budgets: [{ limit: { tokens: 9 }, window: "run" }],
  });
  expect(sent).toBe(2);
  const text = `This call may use ${HELD_TOKENS} tokens. Of the budget of 9 tokens a run, 0 tokens is spent`;
  expect(said).toEqual([
    [402, expect.stringContaining(text)],
    [402, expect.stringContaining(text)],
  ]);
  expect(budgeted.server.requests).toEqual([]);
  expect(done.report.cost.calls).toBe(0);
  // It succeeded all the same, so it counts; nothing was started after it.
  expect(Object.values(done.report.tasks).map(({ outcome }) => outcome)).toEqual(["succeeded", "skipped"]);
  expect(done.report.tasks.t1!.because).toMatchObject({
    reason: "budget",
    message: expect.stringContaining(text),
  });
  expect(of(done, "budget.refused")).toMatchObject([
    {
      taskId: "t0",
      attempt: 1,
      model: "m",
      reason: "spent",
      limit: 9,
      spent: 0,
      held: 0,
      asked: HELD_TOKENS,
    },
  ]);
});

test("a client that waits as it is told gets through once the calls of others are over", async () => {
  const agent: AgentFn = async () => {
    const client = new OpenAI();
    await Promise.all([1, 2].map((n) => client.chat.completions.create(bodyOf(`${n}`))));
    throw new Error("a failure of its own");
  };
  const budgets = [{ limit: { tokens: HELD_TOKENS + 150 }, window: "run" }] as const;
  const done = await perform(tasksOf(1), agent, { budgets });
  expect(done.report.tasks.t0).toMatchObject({ outcome: "failed", attempts: 1 });
  expect(done.report.tasks.t0!.failure!.error.message).toBe("a failure of its own");
  expect(budgeted.server.requests).toHaveLength(2);
  expect(of(done, "budget.refused")).toMatchObject([{ reason: "held", until: null }]);
});

test("a run that has used up its budget goes on with more, and pays nothing again", async () => {
  using place = tempDir();
  budgeted.script = () => ({
    kind: "answer",
    content: "yes",
    usage: { prompt_tokens: 100, completion_tokens: 50 },
  });
  const dir = place.path;
  const state = join(dir, ".sheaf");
  // Two calls a task: the budget ends between them.
  const agent: AgentFn = async ({ id }) => {
    await ask(`${id} 1`);
    await ask(`${id} 2`);
    return id;
  };
  const month = (tokens: number): Budget => ({ limit: { tokens }, window: "month" });
  const tasks = tasksOf(4);
  const options = { dir, runId: "r", maxWorkers: 1 };
  keepBudgets(state, [month(3 * 150 + HELD_TOKENS - 1)]);
  const first = await perform(tasks, agent, options);
  expect(first.report.status).toBe("budget-exhausted");
  expect(budgeted.server.requests).toHaveLength(3);
  const outcomes = ({ report }: Done) => Object.values(report.tasks).map(({ outcome }) => outcome);
  expect(outcomes(first)).toEqual(["succeeded", "skipped", "skipped", "skipped"]);
  expect(first.report.tasks.t1!.failure).toBeNull();
  // Nothing has changed: it stops at the same place.
  const again = await perform(tasks, agent, options);
  expect(again.report.status).toBe("budget-exhausted");
  expect(of(again, "budget.alert")).toEqual([]);
  expect(budgeted.server.requests).toHaveLength(3);
  keepBudgets(state, [month(8 * 150 + HELD_TOKENS)]);
  const last = await perform(tasks, agent, options);
  expect(last.report.status).toBe("succeeded");
  expect(budgeted.server.requests).toHaveLength(8);
  expect(last.report.cost.inputTokens + last.report.cost.outputTokens).toBe(8 * 150);
  // Another run of the same month finds no room.
  const other = await perform(tasksOf(1), agent, { dir, budgets: [month(8 * 150)] });
  expect(other.report.status).toBe("budget-exhausted");
  expect(of(other, "attempt.started")).toEqual([]);
  expect(budgeted.server.requests).toHaveLength(8);
});

test("runs side by side in one process keep the budget of their directory together", async () => {
  using place = tempDir();
  const home = place.path;
  const budgets = [{ limit: { tokens: 4_000 }, window: "day" }] as const;
  const done = await Promise.all(
    ["a", "b", "c"].map((runId) => perform(tasksOf(20), asking, { home, runId, budgets, maxWorkers: 20 })),
  );
  expect(chargedTokens()).toBeLessThanOrEqual(4_000);
  expect(chargedTokens()).toBeGreaterThan(4_000 - HELD_TOKENS);
  expect(done.map(({ report }) => report.status)).toEqual(Array(3).fill("budget-exhausted"));
});

test("usage that agents tell of stops new starts once it has used a budget up", async () => {
  const budgets = [{ limit: { usd: 1 }, window: "run" }] as const;
  const agent: AgentFn = (_, ctx) =>
    ctx.recordUsage({ model: "m", inputTokens: 1, outputTokens: 1, costUsd: 0.4 });
  const done = await perform(tasksOf(5), agent, { maxWorkers: 1, budgets });
  const outcomes = Object.values(done.report.tasks).map(({ outcome }) => outcome);
  expect(outcomes).toEqual(["succeeded", "succeeded", "succeeded", "skipped", "skipped"]);
  expect(done.report.status).toBe("budget-exhausted");
  expect(of(done, "budget.alert").map(({ percent, spent }) => [percent, spent])).toEqual([
    [75, 0.8],
    [90, 1.2],
    [100, 1.2],
  ]);
});

test("what a killed engine had set aside counts as spent, and the run goes on with more", async () => {
  let held = true;
  budgeted.script = () => (held ? { kind: "stall-headers" } : { kind: "answer", content: "so be it" });
  using place = tempDir();
  const body = JSON.stringify(bodyOf("x"));
  const asks = `const { status } = await fetch(process.env.OPENAI_BASE_URL + "/chat/completions", { method: "POST", headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY }, body: ${JSON.stringify(body)} }); process.exit(status === 200 ? 0 : 1)`;
  writeFileSync(join(place.path, "ask.mjs"), asks);
  writeFileSync(join(place.path, "plan.json"), JSON.stringify({ tasks: [{ id: "a", run: "node ask.mjs" }] }));
  const env = { ...process.env, SHEAF_USE_LLM_DEPS: "false" };
  const sheaf = (...words: string[]) =>
    spawn(process.execPath, [CLI, ...words], { cwd: place.path, env, stdio: ["ignore", "ignore", "pipe"] });
  const state = join(place.path, ".sheaf");
  const budget = (tokens: number): Budget => ({ limit: { tokens }, window: "run" });
  // Room for another call, if what the first may have used were only estimated.
  keepBudgets(state, [budget(HELD_TOKENS + 210)]);
  const first = sheaf("run", "plan.json", "--run-id", "r");
  await vi.waitFor(() => expect(budgeted.server.requests).toHaveLength(1), { timeout: 20_000, interval: 20 });
  first.kill("SIGKILL");
  await once(first, "exit");
  held = false;
  // It may have used as much, whoever asks.
  const month = { budgets: [{ limit: { tokens: HELD_TOKENS + 210 }, window: "month" }] } as const;
  const other = await perform(tasksOf(1), asking, { dir: place.path, ...month });
  expect(of(other, "budget.refused")).toMatchObject([{ reason: "spent", spent: HELD_TOKENS }]);
  const second = sheaf("resume", "r");
  let said = "";
  second.stderr.on("data", (text) => {
    said += text;
  });
  const [code] = await once(second, "exit");
  expect(code).toBe(3);
  expect(said).toMatch(/: sheaf resume .*\/runs\/r\n/);
  expect(budgeted.server.requests).toHaveLength(1);
  keepBudgets(state, [budget(2 * HELD_TOKENS)]);
  const [last] = await once(sheaf("resume", "r"), "exit");
  expect(last).toBe(0);
  expect(budgeted.server.requests).toHaveLength(2);
  const { events } = readJournal(join(state, "runs/r/journal.ndjson"));
  expect(summarizeCost(events).byClass["estimated-crash"].calls).toBe(1);
  expect(spentOf(events).map(({ tokens }) => tokens)).toEqual([HELD_TOKENS, 120]);
});
