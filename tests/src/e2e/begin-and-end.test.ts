// Runs that cannot begin, are stopped while they begin, or lose the ground under their feet.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism } from "@sheaf/engine";
import { type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

let place: TempDir;
beforeEach(() => {
  place = tempDir();
});
afterEach(() => place[Symbol.dispose]());

const quick = { useLlmDeps: false, env: {} } as const;

test("a bad weight throws at once and leaves the directory free", async () => {
  const run = { dir: place.path, tasks: [{ id: "a" }] };
  const costWeights = { latencyMs: -1, vramPeakMiB: 0, modelLoads: 0 };
  expect(() => executeWithParallelism(run, () => 1, { ...quick, costWeights })).toThrow(/weights.latencyMs/);
  expect(() => executeWithParallelism(run, () => 1, { ...quick, costWeights: 3 as never })).toThrow(
    /weights/,
  );
  expect((await executeWithParallelism(run, () => 1, quick)).status).toBe("succeeded");
});

test("a run that is cancelled while its directory is frozen ends soon and leaves it free", async () => {
  writeFiles(place.path, Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`f${i}`, `${i}`])));
  const tasks = [{ id: "a" }, { id: "b" }];
  const run = executeWithParallelism({ dir: place.path, tasks }, () => 1, quick);
  run.cancel("changed my mind");
  const report = await run;
  expect([report.status, report.tasks.a?.outcome]).toEqual(["cancelled", "cancelled"]);
  const next = await executeWithParallelism({ dir: place.path, tasks }, () => 1, quick);
  expect(next.status).toBe("succeeded");
});

test("a task that removes the state of its run fails alone, and the caller hears of it", async () => {
  const tasks = [
    { id: "vandal", reads: [], writes: [] },
    { id: "next", reads: [], writes: [] },
  ];
  const report = await executeWithParallelism(
    { dir: place.path, tasks },
    (task) => {
      if (task.id === "vandal") rmSync(join(place.path, ".sheaf", "runs"), { recursive: true });
      return task.id;
    },
    { ...quick, maxWorkers: 1 },
  );
  expect(report.tasks.vandal).toMatchObject({ outcome: "failed" });
});

test("the bound counts what agents that are named by module say that they need", async () => {
  const module = join(place.path, "agents.mjs");
  writeFileSync(
    module,
    `import { defineAgent } from ${JSON.stringify(import.meta.resolve("sheaf/agent").replace("/src/agent.ts", "/dist/agent.js"))};
     export const waiter = defineAgent({ name: "w", needs: { tags: ["llm"] }, run: () => 1 }, import.meta.url);`,
  );
  const tasks = ["a", "b", "c"].map((id) => ({ id, dependsOn: [], estimateMs: 10 }));
  const run = executeWithParallelism({ tasks }, { module, export: "waiter" }, quick);
  expect((await run.plan).speedupBound).toBe(3);
  expect((await run).status).toBe("succeeded");
});
