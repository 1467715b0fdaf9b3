// A model that believes what tasks say about dependencies can cost a second attempt, and never changes what comes out.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AgentContext, Task } from "@sheaf/core";
import { executeWithParallelism, type RunHandle, type RunOptions } from "@sheaf/engine";
import {
  HOSTILE_DESCRIPTIONS,
  type HostileDescription,
  obedientAnswer,
  readTree,
  startFakeModelServer,
  tempDir,
} from "@sheaf/testkit";
import { expect, test } from "vitest";

/** Every task needs what the one before it wrote. */
async function addLine(task: Task, ctx: AgentContext): Promise<number> {
  const before = await ctx.read("log", "utf8").catch(() => "");
  await writeFile(join(ctx.dir, "log"), `${before}${task.id} after ${before.length}\n`);
  await writeFile(join(ctx.dir, `${task.id}.txt`), before);
  return before.length;
}

async function resultOf(description: string, options: RunOptions) {
  using dir = tempDir();
  const tasks = Array.from({ length: 8 }, (_, i) => ({
    id: `t${i + 1}`,
    description: i === 2 ? description : "add a line to the log",
  }));
  const settings: RunOptions = {
    env: {},
    validate: true,
    maxWorkers: 4,
    staging: "copy",
    trace: false,
    ...options,
  };
  // A run that is over first does not wait for the model.
  const agent = async (task: Task, ctx: AgentContext): Promise<number> => {
    if (task.id === "t1") await run.plan;
    return addLine(task, ctx);
  };
  const run: RunHandle = executeWithParallelism({ dir: dir.path, tasks }, agent, settings);
  const report = await run;
  const attempts = Object.values(report.tasks).map((task) => task.attempts);
  return {
    result: { status: report.status, outputs: report.unwrap(), tree: readTree(dir.path) },
    guarantee: report.guarantee.level,
    most: Math.max(...attempts),
  };
}

const inOrder = await resultOf("", { mode: "sequential", useLlmDeps: false });

async function obeyed(hostile: HostileDescription) {
  const server = await startFakeModelServer(() => obedientAnswer(hostile));
  try {
    const options = { modelBaseUrl: server.baseUrl, verifyDeps: 1 };
    const found = await resultOf(hostile.text, options);
    return { ...found, asked: server.requests.length };
  } finally {
    await server.close();
  }
}

test.each(HOSTILE_DESCRIPTIONS)("a description that $name leaves the result as it is", async (hostile) => {
  const { result, guarantee, most, asked } = await obeyed(hostile);
  expect(asked).toBeGreaterThan(0);
  expect(result).toEqual(inOrder.result);
  expect(guarantee).toBe("serial-equivalent");
  expect(most).toBeLessThanOrEqual(2);
});

test("such a description does cost something: tasks run twice where none is said to need another", async () => {
  const { most } = await obeyed(HOSTILE_DESCRIPTIONS[0]!);
  expect(most).toBe(2);
});
