// What a forecast is told by the index. That it is what the journals say, on both databases: history.test.ts
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openIndex, type RunIndex } from "@sheaf/ledger";
import { memoryDir } from "@sheaf/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const resources = {
  ...{ latencyMs: 7, queueMs: 0, cpuMs: null, peakMemoryMiB: null, vramPeakMiB: null, modelLoads: 0 },
};

/** The journal of a run on a directory in which the agent `w` did the task `t`. */
function journal(
  dir: string | null,
  { at, costUsd }: { readonly at: number; readonly costUsd: number },
): string {
  const named = { taskId: "t", attempt: 1 };
  const bodies = [
    { type: "run.started", dir, tasks: 1, version: "0" },
    { type: "attempt.started", ...named, agent: "w", route: "r", cause: "first", executor: "inline" },
    { type: "attempt.usage", ...named, usage: { model: "m", inputTokens: 1, costUsd } },
    { type: "attempt.finished", ...named, status: "succeeded", resources },
    { type: "task.committed", ...named },
  ];
  return bodies
    .map((body, seq) => `${JSON.stringify({ seq, at: at + seq, runId: "r", ...body })}\n`)
    .join("");
}

const place = memoryDir();
let index: RunIndex;
beforeAll(async () => {
  for (const [run, dir] of ["/one", "/other", null, "/one"].entries()) {
    const folder = join(place.path, "runs", `run-${run}`);
    mkdirSync(folder, { recursive: true });
    const text = journal(dir, { at: 1_000 * (run + 1), costUsd: run + 1 });
    writeFileSync(join(folder, "journal.ndjson"), text);
  }
  index = await openIndex({ stateDir: place.path });
  await index.update();
});
afterAll(async () => {
  await index.close();
  place[Symbol.dispose]();
});

/** What samples cost, in USD. */
async function asked(most: number, only: { readonly dir?: string | null } = {}): Promise<readonly number[]> {
  const samples = await index.samples({ agents: ["w"], most, ...only });
  return samples.of("t", "w").samples.map(({ pico }) => Number(pico) / 1e12);
}

test("samples are of the latest attempts of an agent", async () => {
  expect(await asked(10)).toEqual([4, 3, 2, 1]);
  expect(await asked(2)).toEqual([4, 3]);
});

test("samples are of one directory where that is asked for", async () => {
  expect(await asked(10, { dir: "/one" })).toEqual([4, 1]);
  expect(await asked(1, { dir: "/other" })).toEqual([2]);
  expect(await asked(10, { dir: null })).toEqual([3]);
  expect(await asked(10, { dir: "/none" })).toEqual([]);
});
