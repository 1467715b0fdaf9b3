// What attempts ask of models is counted as the server counts it, wherever they run, and by whatever client.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FakeModelServer, startFakeModelServer, tempDir } from "@sheaf/testkit";
import { type AgentFn, executeWithParallelism, type RunOptions, type RunReport, type RunSpec } from "sheaf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const MODULE = new URL("./fixtures/calling-agents.mjs", import.meta.url);
const SECRET = "sk-real-key";
const EXECUTORS = ["inline", "thread", "process"] as const;

let server: FakeModelServer;

beforeEach(async () => {
  server = await startFakeModelServer((call) => ({
    ...{ kind: "answer", content: "so be it, ".repeat(40) },
    usage: {
      prompt_tokens: 100 + call,
      completion_tokens: 10 + call,
      prompt_tokens_details: { cached_tokens: call },
    },
  }));
  vi.stubEnv("OPENAI_API_KEY", SECRET);
  vi.stubEnv("OPENAI_BASE_URL", server.baseUrl);
  vi.stubEnv("ANTHROPIC_API_KEY", SECRET);
  vi.stubEnv("ANTHROPIC_BASE_URL", server.baseUrl.replace("/v1", ""));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const agents = (...names: string[]): NonNullable<RunSpec["agents"]> =>
  Object.fromEntries(names.map((name) => [name, { module: fileURLToPath(MODULE), export: name }]));

const OPTIONS: RunOptions = { useLlmDeps: false, mode: "parallel", maxWorkers: 2 };

async function done(spec: RunSpec, options: RunOptions = OPTIONS): Promise<RunReport> {
  const report = await executeWithParallelism(spec, undefined, options);
  const failures = Object.values(report.tasks).flatMap(({ failure }) => failure ?? []);
  expect(failures).toEqual([]);
  return report;
}

function expectSameBooks({ cost }: RunReport): void {
  // Of embeddings it tells, and charges, the input alone.
  const isOutput = (i: number): boolean => !server.requests[i]!.path.endsWith("/embeddings");
  const sum = (of: (usage: FakeModelServer["charged"][number]["usage"]) => number, isInput = false): number =>
    server.charged.reduce((total, { usage }, i) => total + (isInput || isOutput(i) ? of(usage) : 0), 0);
  expect({
    calls: cost.calls,
    input: cost.inputTokens,
    cached: cost.cachedInputTokens,
    output: cost.outputTokens,
  }).toEqual({
    calls: server.requests.length,
    input: sum((usage) => usage.prompt_tokens, true),
    cached: sum((usage) => usage.prompt_tokens_details?.cached_tokens ?? 0),
    output: sum((usage) => usage.completion_tokens),
  });
}

test.each(EXECUTORS)(
  "what agents in %s say to a server of their own is billed as that bills it",
  async (executor) => {
    const tasks = [{ id: "plain", agent: "plain", input: { baseUrl: server.baseUrl } }];
    const report = await done({ tasks, agents: agents("plain") }, { ...OPTIONS, executor, maxWorkers: 1 });
    expect(server.requests).toHaveLength(1);
    expectSameBooks(report);
    expect(server.requests[0]!.headers.authorization).toBe("Bearer its-own");
    expect(server.requests[0]!.headers).not.toHaveProperty("x-sheaf-token");
  },
);

test.each(["thread", "process"] as const)("no key gets to a %s", async (executor) => {
  const spec = { tasks: [{ id: "a", agent: "keys" }], agents: agents("keys") };
  const report = await done(spec, { ...OPTIONS, executor });
  const found = report.unwrap().a as string[];
  expect(found[0]).toMatch(/^sheaf-/);
  expect(found[1]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/r\//);
  expect(JSON.stringify(found)).not.toContain(SECRET);
});

test("commands ask by the variables that they find, and no longer than they run", async () => {
  using place = tempDir();
  const ask = `fetch(process.env.OPENAI_BASE_URL + "/chat/completions", { method: "POST", headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY }, body: JSON.stringify({ model: "m", messages: [] }) }).then(({ status }) => console.log(status, process.env.OPENAI_API_KEY))`;
  const tasks = [
    { id: "a", run: `node -e '${ask}'` },
    { id: "b", run: `OPENAI_API_KEY=\${a.output} node -e '${ask}'` },
  ];
  const report = await done({ dir: place.path, tasks });
  const outputs = report.unwrap() as Record<string, string>;
  expect(outputs.a).toMatch(/^200 sheaf-/);
  expect(outputs.b).toMatch(/^401 /);
  expectSameBooks(report);
});

test("a task that runs again after a conflict gets the answers that it has paid for", async () => {
  using place = tempDir({ x: "old" });
  const tasks = [
    { id: "late", reads: [], writes: ["x"], run: "sleep 0.5; echo new > x" },
    { id: "asks", agent: "reader" },
  ];
  const rates = { "fake-model-1": { input: 1_000, output: 1_000 } };
  const prices = { [new URL(server.baseUrl).host]: rates };
  const spec = { dir: place.path, tasks, agents: agents("reader") };
  const report = await done(spec, { ...OPTIONS, prices, executor: "process" });
  expect(report.tasks.asks!.attempts).toBe(2);
  expect(report.unwrap().asks).toBe("so be it, 3: new\n");
  expect(server.requests).toHaveLength(1);
  expectSameBooks(report);
  expect(report.cost).toMatchObject({ totalUsd: 0.112, avoided: { replaySavedUsd: 0.112 } });
  expect(report.cost.byClass["conflict-rerun"].usd).toBe(0.112);
});

test.each([
  { path: "chat/completions", told: { inputTokens: 8, outputTokens: 2 }, rates: { input: 1e6, output: 1e6 } },
  { path: "embeddings", told: { inputTokens: 8 }, rates: { input: 1e6 } },
])(
  "a call of $path that its agent tells of before it is over counts once, at its price",
  async ({ path, told, rates }) => {
    let end = (): void => {};
    const model = "m-2026-01-31";
    const usage = { prompt_tokens: told.inputTokens, completion_tokens: told.outputTokens };
    await using slow = createServer((request, response) => {
      request.resume();
      response.setHeader("content-type", "application/json");
      response.write(`${JSON.stringify({ model, usage })} `);
      end = () => response.end();
    });
    await once(slow.listen(0, "127.0.0.1"), "listening");
    const host = `127.0.0.1:${(slow.address() as AddressInfo).port}`;
    vi.stubEnv("OPENAI_BASE_URL", `http://${host}/v1`);
    const agent: AgentFn = async (_, ctx) => {
      const body = JSON.stringify({ model: "m" });
      const { body: answer } = await fetch(`http://${host}/v1/${path}`, { method: "POST", body });
      await answer!.getReader().read();
      ctx.recordUsage({ model, ...told });
      end();
    };
    const prices = { [host]: { [model]: rates } };
    const { cost } = await executeWithParallelism([{ id: "a" }], agent, { ...OPTIONS, prices });
    const totalUsd = told.inputTokens + (told.outputTokens ?? 0);
    expect(cost).toMatchObject({ calls: 1, inputTokens: 8, totalUsd, partial: false, unpricedCalls: 0 });
  },
);

test("answers that cannot be kept are told once, count as a fault, and harm nothing", async () => {
  using place = tempDir();
  const ask: AgentFn = async () => {
    writeFileSync(join(place.path, ".sheaf/runs/r/answers"), "no folder");
    const body = JSON.stringify({ model: "m" });
    await (await fetch(`${server.baseUrl}/chat/completions`, { method: "POST", body })).json();
  };
  const tasks = ["a", "b"].map((id) => ({ id, agent: "ask", reads: [], writes: [] }));
  const spec = { dir: place.path, tasks, agents: { ask } };
  const run = executeWithParallelism(spec, undefined, { ...OPTIONS, runId: "r" });
  const reasons: string[] = [];
  for await (const event of run)
    if (event.type === "run.fallback" && event.part === "telemetry") reasons.push(event.reason);
  const report = await run;
  expect(report).toMatchObject({ status: "succeeded", telemetryFaults: 1 });
  expect(reasons).toEqual([expect.stringMatching(/: 2 times, first: ENOTDIR/)]);
  expectSameBooks(report);
});

test("what an agent leaves behind in this thread asks nobody any more", async () => {
  let late: Promise<unknown> = Promise.resolve();
  let goOn = (): void => {};
  const over = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const ask = () => fetch(`${server.baseUrl}/chat/completions`, { method: "POST", body: "{}" });
  const run = executeWithParallelism(
    [{ id: "a" }],
    () => {
      late = over.then(ask).catch((error: Error) => error.message);
    },
    OPTIONS,
  );
  await run;
  goOn();
  expect(await late).toBe('Attempt 1 of "a" is over, so it may ask no model any more.');
  expect(server.requests).toEqual([]);
});
