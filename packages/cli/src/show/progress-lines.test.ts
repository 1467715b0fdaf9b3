import { executeWithParallelism } from "@sheaf/engine";
import { FakeClock, scriptedAgent } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import { type LineOptions, progressLine } from "./progress-lines.ts";
import { createTrace, takeEvent } from "./run-trace.ts";
import { collectEvents } from "./show-progress.ts";

async function linesOf(run: Parameters<typeof collectEvents>[0], options: LineOptions = {}) {
  const trace = createTrace();
  const lines: string[] = [];
  for (const event of await collectEvents(run)) {
    takeEvent(trace, event);
    const line = progressLine(trace, event, options);
    if (line !== null) lines.push(line);
  }
  return lines;
}

/** fit fails once after it said something, then succeeds; plot fails for good; paper is skipped. */
async function eventful() {
  const clock = new FakeClock();
  const agent = scriptedAgent();
  const tasks = [
    { id: "fit", retries: 1 },
    { id: "plot", dependsOn: ["fit"] },
    { id: "paper", dependsOn: ["plot"] },
  ];
  const run = executeWithParallelism(tasks, agent.run, { env: {}, clock, retryDelayMs: 0 });
  const first = await agent.next("fit");
  clock.advance(1_500);
  first.ctx.progress(0.5, "half\nway");
  first.ctx.log("a line");
  first.fail(new Error("once"));
  for await (const event of run) if (event.type === "task.retrying") break;
  clock.advance(0);
  const second = await agent.next("fit");
  clock.advance(500);
  second.succeed();
  (await agent.next("plot")).fail(new TypeError("no colours"));
  await run;
  return { run };
}

describe("plain progress", () => {
  it("is one line for each change of a task's state", async () => {
    const { run } = await eventful();
    expect((await linesOf(run)).slice(1)).toEqual([
      "    0ms  fit    started",
      "   1.5s  fit    failed      once",
      "   1.5s  fit    retrying    in 0ms",
      "   1.5s  fit    started     attempt 2 (retry)",
      "   2.0s  plot   started",
      "   2.0s  fit    committed   no files, took 500ms",
      "   2.0s  plot   failed      TypeError: no colours",
      '   2.0s  paper  skipped     it depends on "plot", which failed',
    ]);
  });

  it("tells when a budget is spent, and that nothing more was started", async () => {
    const tasks = [{ id: "fit" }, { id: "plot" }];
    const run = executeWithParallelism(
      tasks,
      (_, ctx) => ctx.recordUsage({ model: "m", inputTokens: 9, outputTokens: 0, costUsd: 0.8 }),
      { env: {}, clock: new FakeClock(), maxWorkers: 1, budgets: [{ limit: { usd: 0.8 }, window: "run" }] },
    );
    expect((await linesOf(run)).slice(-5)).toEqual([
      "    0ms  run   budget      75 % of the budget of $0.80 a run is spent: $0.80.",
      "    0ms  run   budget      90 % of the budget of $0.80 a run is spent: $0.80.",
      "    0ms  run   budget      100 % of the budget of $0.80 a run is spent: $0.80.",
      "    0ms  fit   committed   no files, took 0ms",
      "    0ms  plot  skipped     nothing more was started, to keep within a budget",
    ]);
  });

  it("tells with verbose also what agents say", async () => {
    const { run } = await eventful();
    const lines = await linesOf(run, { verbose: true });
    expect(lines).toContain("   1.5s  fit    progress    50% half way");
    expect(lines).toContain("   1.5s  fit    log         a line");
  });

  it("does not call it a failure when a task came too early for an output and runs again", async () => {
    const agent = scriptedAgent();
    const options = { env: {}, clock: new FakeClock(), mode: "parallel" } as const;
    const run = executeWithParallelism([{ id: "a" }, { id: "b" }], agent.run, options);
    const [a, b] = [await agent.next("a"), await agent.next("b")];
    try {
      b.ctx.inputs.a;
    } catch (error) {
      b.fail(error);
    }
    a.succeed();
    (await agent.next("b")).succeed();
    await run;
    const lines = await linesOf(run);
    expect(lines).toContain("    0ms  b    input       took the output of a too early");
    expect(lines).toContain("    0ms  b    conflict    output of a was changed by a; runs again");
    expect(lines.join("\n")).not.toContain("failed");
  });

  it("shows warnings of the run", async () => {
    const run = executeWithParallelism([{ id: "a" }, { id: "b" }], () => 1, { env: { SHEAF_MODEE: "auto" } });
    await run;
    expect((await linesOf(run))[0]).toMatch(/run +warning +The variable SHEAF_MODEE is not known/);
  });
});
