// A task starts a run of its own: what that asks of models goes by the gateways of both.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJournal, summarizeCost } from "@sheaf/ledger";
import { type FakeModelServer, startFakeModelServer, tempDir } from "@sheaf/testkit";
import { executeWithParallelism } from "sheaf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const CLI = fileURLToPath(new URL("../../../packages/cli/bin/sheaf.js", import.meta.url));
const ASK = `fetch(process.env.OPENAI_BASE_URL + "/chat/completions", { method: "POST", headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY }, body: JSON.stringify({ model: "m", messages: [] }) })`;

let server: FakeModelServer;
beforeEach(async () => {
  server = await startFakeModelServer(() => ({ kind: "answer", content: "so be it" }));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

test("calls count in both runs, and only the outer one has the key", async () => {
  vi.stubEnv("OPENAI_API_KEY", "sk-real-key");
  vi.stubEnv("OPENAI_BASE_URL", server.baseUrl);
  const tasks = [
    { id: "asks", run: "node ask.mjs", reads: ["ask.mjs"], writes: [] },
    { id: "agent", agent: "asker", reads: [], writes: [] },
  ];
  using place = tempDir({
    "ask.mjs": `const ask = () => ${ASK};\nif (process.argv[1]?.endsWith("ask.mjs")) await ask();\nexport default async () => { await ask(); return process.env.OPENAI_API_KEY; };`,
    "plan.json": JSON.stringify({ tasks, agents: { asker: "./ask.mjs" } }),
  });
  const run = `${process.execPath} ${CLI} run plan.json --run-id inner --dir ${place.path} --quiet`;
  const outer = await executeWithParallelism([{ id: "a", run: `cd ${place.path} && ${run}` }], undefined, {
    useLlmDeps: false,
  });
  expect(Object.values(outer.tasks).flatMap(({ failure }) => failure ?? [])).toEqual([]);
  const { events } = readJournal(join(place.path, ".sheaf/runs/inner/journal.ndjson"));
  const counted = { calls: 2, inputTokens: 200, outputTokens: 40 };
  expect(outer.cost).toMatchObject(counted);
  expect(summarizeCost(events)).toMatchObject(counted);
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer sk-real-key",
    "Bearer sk-real-key",
  ]);
  expect(JSON.stringify(events)).not.toContain("sk-real-key");
  expect(events.filter((event) => event.type === "run.fallback" && event.part === "configuration")).toEqual(
    [],
  );
});
