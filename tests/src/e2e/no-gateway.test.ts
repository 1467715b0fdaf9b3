// No gateway can be opened: tasks run without, the keys stay with the engine, and the run says that it does not count.
import { Server } from "node:net";
import { fileURLToPath } from "node:url";
import type { RunEvent } from "@sheaf/core";
import { startFakeModelServer } from "@sheaf/testkit";
import { executeWithParallelism } from "sheaf";
import { afterEach, expect, test, vi } from "vitest";

const SECRET = "sk-real-key";
const module = fileURLToPath(new URL("./fixtures/calling-agents.mjs", import.meta.url));

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test("attempts in all executors run, and find no key", async () => {
  const server = await startFakeModelServer(() => ({ kind: "answer", content: "so be it" }));
  vi.stubEnv("OPENAI_API_KEY", SECRET);
  vi.stubEnv("OPENAI_BASE_URL", `${server.baseUrl}?key=${SECRET}`);
  vi.spyOn(Server.prototype, "listen").mockImplementation(function (this: Server) {
    const error = Object.assign(new Error("listen EMFILE: too many open files"), { code: "EMFILE" });
    queueMicrotask(() => this.emit("error", error));
    return this;
  });
  const ask = (): Promise<unknown> =>
    fetch(`${server.baseUrl}/chat/completions`, { method: "POST", body: "{}" });
  const run = executeWithParallelism(
    {
      tasks: [
        { id: "inline", agent: "inline" },
        { id: "thread", agent: "keys" },
        { id: "asks", agent: "plain", input: { baseUrl: server.baseUrl } },
        { id: "command", run: "echo $OPENAI_API_KEY $OPENAI_BASE_URL" },
      ],
      agents: {
        inline: async (_task, ctx) => {
          await ask();
          ctx.recordUsage({ model: "m", inputTokens: 7, outputTokens: 1 });
        },
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
  expect(report.cost).toMatchObject({ calls: 1, inputTokens: 7 });
  expect(told).toEqual([
    expect.objectContaining({ part: "gateway", reason: expect.stringContaining("EMFILE") }),
  ]);
  await server.close();
});
