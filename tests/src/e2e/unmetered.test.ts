// Whoever honours no base URL is given the real keys, and nothing that it asks is taken for counted.
import { fileURLToPath } from "node:url";
import { type FakeModelServer, startFakeModelServer, tempDir } from "@sheaf/testkit";
import { executeWithParallelism, type RunOptions, type RunSpec } from "sheaf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const MODULE = fileURLToPath(new URL("./fixtures/calling-agents.mjs", import.meta.url));
const SECRET = "sk-real-key";

let server: FakeModelServer;

beforeEach(async () => {
  server = await startFakeModelServer(() => ({ kind: "answer", content: "so be it" }));
  vi.stubEnv("OPENAI_API_KEY", SECRET);
  vi.stubEnv("OPENAI_BASE_URL", server.baseUrl);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const agents: NonNullable<RunSpec["agents"]> = Object.fromEntries(
  ["plain", "keys", "teller", "ownWay"].map((name) => [name, { module: MODULE, export: name }]),
);

const run = (spec: RunSpec, executor: NonNullable<RunOptions["executor"]>) =>
  executeWithParallelism({ agents, ...spec }, undefined, { useLlmDeps: false, executor, maxWorkers: 1 });

test.each(["thread", "process"] as const)(
  "it finds the real names in a %s, where the next one does not",
  async (executor) => {
    const tasks = [
      { id: "past", agent: "keys", unmetered: true },
      { id: "usual", agent: "keys" },
    ];
    const report = await run({ tasks }, executor);
    const outputs = report.unwrap() as Record<string, readonly string[]>;
    expect(outputs.past!.slice(0, 2)).toEqual([SECRET, server.baseUrl]);
    expect(JSON.stringify(outputs.usual)).not.toContain(SECRET);
  },
);

test("a command finds them, too", async () => {
  using place = tempDir();
  const past = { id: "a", run: "echo $OPENAI_API_KEY", unmetered: true };
  const report = await run(
    { dir: place.path, tasks: [past, { id: "b", run: "echo $OPENAI_API_KEY" }] },
    "process",
  );
  const outputs = report.unwrap() as Record<string, string>;
  expect(outputs.a).toBe(SECRET);
  expect(outputs.b).toMatch(/^sheaf-/);
});

test.each(["inline", "thread"] as const)(
  "what it asks in a %s is in no sum, which is called partial",
  async (executor) => {
    const tasks = [
      { id: "past", agent: "plain", input: { baseUrl: server.baseUrl }, unmetered: true, route: "odd" },
    ];
    const { cost } = await run({ tasks }, executor);
    expect(server.requests).toHaveLength(1);
    expect(cost).toMatchObject({ totalUsd: null, partial: true, calls: 0, unmetered: 1 });
    expect(cost.byTask.past).toMatchObject({ usd: null, partial: true });
    expect(cost.byRoute.odd).toMatchObject({ unmetered: 1 });
  },
);

test("what it tells of counts, and is not all", async () => {
  const report = await run(
    {
      tasks: [
        { id: "past", agent: "tells", unmetered: true },
        { id: "usual", agent: "tells" },
      ],
      agents: { tells: (_task, ctx) => ctx.recordUsage({ model: "m", inputTokens: 1, costUsd: 0.5 }) },
    },
    "inline",
  );
  expect(report.cost).toMatchObject({ totalUsd: 1, partial: true, calls: 2, unpricedCalls: 0, unmetered: 1 });
  expect(report.cost.byTask.usual).toMatchObject({ usd: 0.5, partial: false });
});

test.each(["inline", "thread"] as const)(
  "an attempt in a %s whose fetch has a dispatcher of its own is told once, and the total is partial",
  async (executor) => {
    const input = { baseUrl: server.baseUrl };
    const tasks = [
      { id: "past", agent: "ownWay", input },
      { id: "usual", agent: "plain", input },
    ];
    const handle = run({ tasks }, executor);
    const past: string[] = [];
    for await (const event of handle) if (event.type === "attempt.unmetered") past.push(event.taskId);
    const { cost } = await handle;
    expect(past).toEqual(["past"]);
    expect(server.requests).toHaveLength(5);
    expect(cost).toMatchObject({ calls: 2, unmetered: 1, partial: true });
  },
);
