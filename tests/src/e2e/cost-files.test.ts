// What a task leaves in its folder `cost` is booked once, beside what was seen of its calls.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJournal, summarizeCost } from "@sheaf/ledger";
import { type FakeModelServer, startFakeModelServer, tempDir } from "@sheaf/testkit";
import { executeWithParallelism, type RunOptions, type RunReport, type RunSpec } from "sheaf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const AGENT = new URL("./fixtures/calling-agents.mjs", import.meta.url);
const OPTIONS: RunOptions = { useLlmDeps: false };

let server: FakeModelServer;

beforeEach(async () => {
  server = await startFakeModelServer((call) => ({
    ...{ kind: "answer", content: "so be it" },
    usage: { prompt_tokens: 100 + call, completion_tokens: 10 + call },
  }));
  vi.stubEnv("OPENAI_API_KEY", "sk-real-key");
  vi.stubEnv("OPENAI_BASE_URL", server.baseUrl);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

async function run(
  tasks: RunSpec["tasks"],
  options: RunOptions = OPTIONS,
): Promise<{ readonly cost: RunReport["cost"]; readonly notes: readonly string[] }> {
  using dir = tempDir();
  const agents = { accountant: { module: AGENT.pathname, export: "accountant" } };
  const { cost, runDir } = await executeWithParallelism({ dir: dir.path, tasks, agents }, undefined, options);
  const { events } = readJournal(`${runDir}/journal.ndjson`);
  expect(summarizeCost(events)).toEqual(cost);
  const notes = events.flatMap((event) =>
    event.type === "run.fallback" && event.part === "cost files" ? event.reason : [],
  );
  return { cost, notes };
}

test.each(["inline", "thread", "process"] as const)("by an agent in %s", async (executor) => {
  const tasks = [
    { id: "good", agent: "accountant" },
    { id: "bad", agent: "accountant", input: "fail" },
  ];
  const { cost, notes } = await run(tasks, { ...OPTIONS, executor });
  const seen = server.charged.map(({ usage }) => usage);
  expect(seen).toHaveLength(4);
  // What was seen, and of each task the two rows that nobody else tells of.
  expect(cost).toMatchObject({
    calls: 4 + 2 * 2,
    inputTokens: seen.reduce((sum, usage) => sum + usage.prompt_tokens, 0) + 2 * 2_000,
    outputTokens: seen.reduce((sum, usage) => sum + usage.completion_tokens, 0) + 2 * 200,
  });
  // By the file, as nobody knows a price; by the price of its maker: 1,000 x 2 + 100 x 8.
  expect(cost.byModel["house-model"]).toMatchObject({ usd: 0.5, partial: false });
  expect(cost.byModel["gpt-4.1"]).toMatchObject({ usd: 0.0056, partial: false });
  expect(cost.byClass["failed-attempt"]).toMatchObject({ calls: 4 });
  expect(notes).toEqual([
    expect.stringContaining('The cost file broken.json of "good" was not read in full: It is not JSON'),
    expect.stringContaining('The cost file broken.json of "bad" was not read in full: It is not JSON'),
  ]);
});

test("by a command, which finds the folder in its environment", async () => {
  const row = '{"Agent":"a","Cost ($)":0.5,"Prompt Tokens":7,"Completion Tokens":3,"Model":"m"}';
  const leave = `echo '[${row}]' > "$SHEAF_COST_DIR/cost_report_1.json"`;
  const tasks = [
    { id: "all", run: leave },
    { id: "declared", run: leave, reads: [], writes: [] },
    { id: "failing", run: `${leave}; exit 3`, reads: [], writes: [] },
    { id: "wrong", run: `echo '[1,2,3,4,5]' > "$SHEAF_COST_DIR/no.json"`, reads: [], writes: [] },
  ];
  const { cost, notes } = await run(tasks);
  const no = [1, 2, 3].map((row) => `Row ${row} has neither tokens nor a cost.`).join(" ");
  expect(notes).toEqual([`The cost file no.json of "wrong" was not read in full: ${no} And 2 more.`]);
  const line = { calls: 1, usd: 0.5, inputTokens: 7, outputTokens: 3 };
  expect(cost.byTask).toMatchObject({ all: line, declared: line, failing: line });
  expect(cost.byClass).toMatchObject({ useful: { usd: 1 }, "failed-attempt": { usd: 0.5 } });
});

test("by an attempt that was cut off with the engine, in the next session, once", async () => {
  using dir = tempDir();
  const row = '{"Agent":"a","Cost ($)":null,"Prompt Tokens":7,"Completion Tokens":3,"Model":"gpt-4.1"}';
  const leave = `echo '[${row}]' > "$SHEAF_COST_DIR/costs.json"`;
  // The engine goes once its journal tells of the attempt: what it does not tell of never was.
  const journal = join(dir.path, "work/.sheaf/runs/again/journal.ndjson");
  const count = join(dir.path, "count");
  const told = `until [ $(grep -c attempt.started ${journal}) -ge $(wc -l < ${count}) ]; do sleep 0.02; done`;
  const die = `echo >> ${count}; ${told}; [ -e ${dir.path}/go ] || kill -9 $ENGINE`;
  const tasks = [{ id: "t", reads: [], writes: [], run: `${leave}; ${die}` }];
  const program = `import { executeWithParallelism } from "sheaf";
    process.env.ENGINE = String(process.pid);
    const spec = { dir: ${JSON.stringify(join(dir.path, "work"))}, tasks: ${JSON.stringify(tasks)} };
    const { cost } = await executeWithParallelism(spec, undefined, { useLlmDeps: false, runId: "again" });
    process.stdout.write(JSON.stringify(cost));`;
  mkdirSync(join(dir.path, "work"));
  const session = () =>
    spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd: import.meta.dirname });
  expect(session().signal).toBe("SIGKILL");
  expect(session().signal).toBe("SIGKILL");
  writeFileSync(join(dir.path, "go"), "");
  const { stdout } = session();
  const { byClass } = JSON.parse(stdout.toString());
  // 7 x 2 + 3 x 8
  expect(byClass.useful).toMatchObject({ calls: 1, usd: 0.000038 });
  expect(byClass["failed-attempt"].calls + byClass.useful.calls).toBe(3);
});
