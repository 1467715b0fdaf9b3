// No gateway can be opened: tasks run without, the keys stay with the engine, and the run says that it does not count.
import { Server } from "node:net";
import { fileURLToPath } from "node:url";
import type { RunEvent } from "@sheaf/core";
import { type FakeModelServer, startFakeModelServer } from "@sheaf/testkit";
import { executeWithParallelism } from "sheaf";
import { afterEach, expect, test, vi } from "vitest";

const SECRET = "sk-real-key";
const module = fileURLToPath(new URL("./fixtures/calling-agents.mjs", import.meta.url));

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function serverWithoutGateway(): Promise<FakeModelServer> {
  const server = await startFakeModelServer(() => ({ kind: "answer", content: "so be it" }));
  vi.stubEnv("OPENAI_API_KEY", SECRET);
  vi.stubEnv("OPENAI_BASE_URL", `${server.baseUrl}?key=${SECRET}`);
  vi.spyOn(Server.prototype, "listen").mockImplementation(function (this: Server) {
    const error = Object.assign(new Error("listen EMFILE: too many open files"), { code: "EMFILE" });
    queueMicrotask(() => this.emit("error", error));
    return this;
  });
  return server;
}

test("attempts in all executors run, and find no key", async () => {
  const server = await serverWithoutGateway();
  const ask = (): Promise<unknown> =>
    fetch(`${server.baseUrl}/chat/completions`, { method: "POST", body: "{}" });
  const run = executeWithParallelism(
    {
      tasks: [
        { id: "inline", agent: "inline" },
        { id: "silent", agent: "silent" },
        { id: "thread", agent: "keys" },
        { id: "asks", agent: "plain", input: { baseUrl: server.baseUrl } },
        { id: "command", run: "echo $OPENAI_API_KEY $OPENAI_BASE_URL" },
      ],
      agents: {
        inline: async (_task, ctx) => {
          await ask();
          ctx.recordUsage({ model: "m", inputTokens: 7, outputTokens: 1 });
        },
        silent: () => "asks nobody",
        keys: { module, export: "keys" },
        plain: { module, export: "plain" },
      },
    },
    undefined,
    { useLlmDeps: false },
  );
  const told: RunEvent[] = [];
  for await (const event of run) if (event.type === "run.fallback") told.push(event);
  const report = await run;
  expect(report.unwrap()).toMatchObject({
    thread: ["no-gateway", server.baseUrl, null],
    asks: "so be it",
    command: `no-gateway ${server.baseUrl}`,
  });
  expect(server.requests).toHaveLength(2);
  expect(report.cost).toMatchObject({ calls: 1, inputTokens: 7, partial: true, unmetered: 4 });
  expect(report.cost.byTask.inline).toMatchObject({ calls: 1, unmetered: 1, partial: true });
  expect(report.cost.byTask.silent).toMatchObject({ calls: 0, unmetered: 0, partial: false });
  expect(told).toEqual([
    expect.objectContaining({ part: "gateway", reason: expect.stringContaining("EMFILE") }),
  ]);
  await server.close();
});

test.each(["inline", "thread", "command"])("%s: calls that a budget covers are not made", async (kind) => {
  const server = await serverWithoutGateway();
  const own = kind === "command" ? { run: "echo asked" } : { agent: kind };
  const report = await executeWithParallelism(
    {
      tasks: [
        { id: "asks", ...own, dependsOn: [], route: "dear", input: { baseUrl: server.baseUrl } },
        { id: "next", agent: "idle", dependsOn: ["asks"] },
      ],
      agents: {
        inline: async () => {
          await fetch(`${server.baseUrl}/chat/completions`, { method: "POST", body: "{}" });
        },
        thread: { module, export: "plain" },
        idle: async () => {},
      },
    },
    undefined,
    { useLlmDeps: false, budgets: [{ limit: { tokens: 1000 }, window: "run", route: "dear" }] },
  );
  expect(server.requests).toHaveLength(0);
  expect(report.status).toBe("budget-exhausted");
  expect(report.tasks.asks).toMatchObject({
    ...{ outcome: "skipped", attempts: 1 },
    because: { reason: "budget", message: expect.stringMatching(/EMFILE.*1000 tokens a run/) },
  });
  expect(report.tasks.next).toMatchObject({ outcome: "skipped", attempts: 0 });
  expect(report.cost).toMatchObject({ calls: 0, unmetered: 0, partial: false });
  await server.close();
});

test("calls that no budget covers are made", async () => {
  const server = await serverWithoutGateway();
  const report = await executeWithParallelism(
    [{ id: "asks" }],
    async () => {
      await fetch(`${server.baseUrl}/chat/completions`, { method: "POST", body: "{}" });
    },
    { useLlmDeps: false, budgets: [{ limit: { tokens: 1000 }, window: "run", route: "dear" }] },
  );
  expect(report.status).toBe("succeeded");
  expect(server.requests).toHaveLength(1);
  await server.close();
});
