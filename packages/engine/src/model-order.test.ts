// Tasks in no order, put in order by what a model says that they need.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type FakeModelServer, startFakeModelServer, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { executeWithParallelism, planRun, type RunOptions, type RunSpec } from "./index.ts";
import { OPTIONS } from "./run-rig.ts";

let server: FakeModelServer;
let options: RunOptions;

// The first task needs the third, the third the second, a fourth nothing.
beforeEach(async () => {
  const need = (task: number, ...on: number[]) => ({
    task,
    needs: on.map((other) => ({ evidence: "", on: other, type: "data", p: 0.9 })),
  });
  const content = JSON.stringify({ tasks: [need(1, 3), need(2), need(3, 2), need(4)] });
  server = await startFakeModelServer(() => ({ kind: "answer", content }));
  options = { ...OPTIONS, order: "free", modelBaseUrl: server.baseUrl };
});
afterEach(() => server.close());

const append = (id: string) => ({ id, run: `echo ${id} >> log` });
const TASKS = ["publish", "gather", "write"].map(append);
const ORDER = ["gather", "write", "publish"];
const log = (dir: string): string => readFileSync(join(dir, "log"), "utf8");

describe("a list whose order is free", () => {
  test("is run in the order that a model finds, and that is what is published", async () => {
    using place = tempDir({ log: "" });
    const run = executeWithParallelism({ dir: place.path, tasks: TASKS }, undefined, options);
    const plan = await run.plan;
    const report = await run;
    expect(plan.order).toEqual(ORDER);
    expect(report.status).toBe("succeeded");
    expect(report.guarantee.level).toBe("serial-equivalent");
    expect(Object.keys(report.tasks)).toEqual(ORDER);
    expect(log(place.path)).toBe("gather\nwrite\npublish\n");
    expect(report.cost.calls).toBe(1);
  });

  test("is run in that order one after another, too", async () => {
    using place = tempDir({ log: "" });
    const spec: RunSpec = { dir: place.path, tasks: TASKS };
    await executeWithParallelism(spec, undefined, { ...options, mode: "sequential" });
    expect(log(place.path)).toBe("gather\nwrite\npublish\n");
  });

  test("is planned in that order, with the limits of the tasks where they now stand", async () => {
    using place = tempDir();
    const times = { publish: 100, gather: 100, write: 300, extra: 1_000 };
    const tasks = Object.entries(times).map(([id, estimateMs]) => ({
      ...{ id, estimateMs, agent: "writer" },
      resources: { tags: id === "gather" || id === "extra" ? ["net"] : [] },
    }));
    const spec: RunSpec = { dir: place.path, tasks, agents: { writer: () => 1 } };
    const { plan, summary } = await planRun(spec, undefined, { ...options, tags: { net: 1 } });
    expect(plan.order).toEqual([...ORDER, "extra"]);
    expect(plan.speedupBound).toBeCloseTo(1_500 / 1_100);
    const events: unknown[] = [];
    const run = executeWithParallelism(spec, undefined, { ...options, tags: { net: 1 } });
    for await (const event of run)
      if (event.type === "run.planned") events.push(event.order, event.speedupBound, event.summary);
    expect(events).toEqual([plan.order, plan.speedupBound, summary]);
  });

  test("goes on in the order in which it began, whoever is asked then", async () => {
    using place = tempDir({ log: "" });
    const dir = place.path;
    const failing = TASKS.map((task) => (task.id === "write" ? { ...task, run: "false" } : task));
    const first = await executeWithParallelism({ dir, tasks: failing }, undefined, {
      ...options,
      runId: "r",
    });
    expect(first.status).toBe("partial");
    expect(log(dir)).toBe("gather\npublish\n");
    const again = { ...OPTIONS, order: "free", runId: "r" } as const;
    const report = await executeWithParallelism({ dir, tasks: TASKS }, undefined, again);
    expect(report.status).toBe("succeeded");
    expect(log(dir)).toBe("gather\nwrite\npublish\n");
    expect(report.tasks.gather!.attempts).toBe(1);
  });

  test("cannot go on where its tasks call for another order by now", async () => {
    using place = tempDir({ log: "" });
    const dir = place.path;
    const failing = TASKS.map((task) => (task.id === "write" ? { ...task, run: "false" } : task));
    await executeWithParallelism({ dir, tasks: failing }, undefined, { ...options, runId: "r" });
    const other = TASKS.map((task) => (task.id === "gather" ? { ...task, dependsOn: ["publish"] } : task));
    const run = executeWithParallelism({ dir, tasks: other }, undefined, { ...options, runId: "r" });
    await expect(run).rejects.toMatchObject({ code: "RUN_NOT_RESUMABLE" });
  });

  test("that is cancelled while the model is asked runs nothing, and is put in order by whoever goes on with it", async () => {
    using place = tempDir({ log: "" });
    await server.close();
    server = await startFakeModelServer(() => ({ kind: "stall-headers" }));
    const asked = { ...options, modelBaseUrl: server.baseUrl, runId: "r" };
    const run = executeWithParallelism({ dir: place.path, tasks: TASKS }, undefined, asked);
    const types: string[] = [];
    for await (const { type } of run) {
      types.push(type);
      if (type === "analysis.asking") run.cancel();
    }
    expect((await run).status).toBe("cancelled");
    expect(types).not.toContain("attempt.started");
    expect(log(place.path)).toBe("");
    const listed = { dir: place.path, tasks: TASKS.toReversed() };
    await executeWithParallelism(listed, undefined, { ...OPTIONS, order: "free", runId: "r" });
    expect(log(place.path)).toBe("write\ngather\npublish\n");
  });
});
