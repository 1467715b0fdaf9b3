import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TaskSpec } from "@sheaf/core";
import { executeWithParallelism, type RunHandle, type RunOptions } from "@sheaf/engine";
import { FakeClock, type ScriptedAgent, scriptedAgent, tempDir } from "@sheaf/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { collectEvents } from "./show-progress.ts";
import { type SummaryOptions, summary } from "./summary.ts";

interface Script {
  readonly tasks: readonly TaskSpec[];
  readonly options?: RunOptions;
  readonly play: (agent: ScriptedAgent, clock: FakeClock, run: RunHandle) => Promise<void>;
}

/** Plays a run to its end and returns its summary, line by line. */
async function summed(
  { tasks, options, play }: Script,
  shown: SummaryOptions = {},
): Promise<readonly string[]> {
  const clock = new FakeClock();
  const agent = scriptedAgent();
  const run = executeWithParallelism(tasks, agent.run, { env: {}, clock, ...options });
  await play(agent, clock, run);
  const report = await run;
  return summary(report, { events: await collectEvents(run), ...shown }).split("\n");
}

const succeeds = (id: string, ms: number) => async (agent: ScriptedAgent, clock: FakeClock) => {
  const call = await agent.next(id);
  clock.advance(ms);
  call.succeed();
};

/** Lets the pause before a retry pass. */
async function retryPause(clock: FakeClock, run: RunHandle): Promise<void> {
  for await (const event of run) if (event.type === "task.retrying") break;
  clock.advance(0);
}

describe("the summary", () => {
  it("of a run that succeeded is figures alone", async () => {
    const lines = await summed({
      tasks: [{ id: "a" }, { id: "b", dependsOn: ["a"] }],
      async play(agent, clock) {
        await succeeds("a", 1_000)(agent, clock);
        await succeeds("b", 2_000)(agent, clock);
      },
    });
    expect(lines).toEqual([
      "Succeeded: 2 tasks in 3.0s",
      "",
      "  time       3.0s; the tasks took 3.0s together",
      "  longest    3.0s, a > b",
      "  speed-up   1.0 times, at most 1.0 times for this plan with these workers",
      "  cost       no model calls were recorded",
      "  guarantee  serial-equivalent: every output that a task read was checked in serial order",
    ]);
  });

  it("names every task that failed with its cause, and every one that was skipped with the reason", async () => {
    const lines = await summed({
      tasks: [
        { id: "fit", retries: 1 },
        { id: "plot", dependsOn: ["fit"] },
        { id: "table", dependsOn: ["fit"] },
        { id: "paper", dependsOn: ["plot"] },
        { id: "alone", dependsOn: [] },
      ],
      options: { retryDelayMs: 0 },
      async play(agent, clock, run) {
        (await agent.next("alone")).succeed();
        (await agent.next("fit")).fail(new TypeError("no such column"));
        await retryPause(clock, run);
        (await agent.next("fit")).fail(new TypeError("no such column"));
      },
    });
    expect(lines[0]).toBe("Partly failed: 1 of 5 tasks succeeded, 1 failed, 3 skipped, in 0ms");
    expect(lines.slice(2, 5)).toEqual([
      "  failed     fit: TypeError: no such column (2 attempts)",
      '  skipped    plot, table: it depends on "fit", which failed',
      '  skipped    paper: it depends on "plot", which did not run because "fit" failed',
    ]);
  });

  it("says which read conflicted with which task", async () => {
    const script: Script = {
      tasks: [{ id: "a" }, { id: "b" }],
      options: { mode: "parallel" },
      async play(agent) {
        const [a, b] = [await agent.next("a"), await agent.next("b")];
        try {
          b.ctx.inputs.a;
        } catch (error) {
          b.fail(error);
        }
        a.succeed(1);
        (await agent.next("b")).succeed();
      },
    };
    expect(await summed(script)).toContain("  conflicts  b read output of a, changed by a; b ran again");
    expect(await summed(script, { events: [] })).not.toContain("ran again");
  });

  it("says what part of the cost was for nothing", async () => {
    const lines = await summed({
      tasks: [{ id: "a", retries: 1 }],
      options: { retryDelayMs: 0 },
      async play(agent, clock, run) {
        const first = await agent.next("a");
        first.ctx.recordUsage({ model: "m", costUsd: 0.25 });
        first.fail(new Error("once"));
        await retryPause(clock, run);
        const second = await agent.next("a");
        second.ctx.recordUsage({ model: "m", costUsd: 0.5 });
        second.succeed();
      },
    });
    expect(lines).toContain("  cost       $0.75 for 2 model calls");
    expect(lines).toContain("  of that    failed-attempt: $0.25 for 1 model call");
    expect(lines).toContain("  retried    a (2 attempts)");
  });

  it("says what tasks waited for although they could have started", async () => {
    const lines = await summed({
      tasks: ["llm", "llm", "gpu", "gpu", "gpu"].map((tag, i) => ({
        ...{ id: `t${i}`, dependsOn: [] },
        resources: { tags: [tag] },
      })),
      options: { tags: { gpu: 1, llm: 1 }, maxWorkers: 5 },
      async play(agent) {
        for (let i = 0; i < 5; i++) (await agent.next(`t${i}`)).succeed();
      },
    });
    const at = lines.findIndex((line) => line.startsWith("  waited"));
    expect(lines.slice(at, at + 2)).toEqual([
      '  waited     2 tasks for the limit "gpu": 1 of 1 in use',
      '             1 task for the limit "llm": 1 of 1 in use',
    ]);
  });

  it("of many failures tells fifteen causes and all names, and stays within the width", async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `task-${i}`);
    const lines = await summed(
      {
        tasks: ids.map((id) => ({ id, dependsOn: [] })),
        options: { maxWorkers: 40 },
        async play(agent) {
          for (const id of ids)
            (await agent.next(id)).fail(new Error(`broken for a rather long reason by ${id}`));
        },
      },
      { width: 60 },
    );
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
    for (const id of ids) expect(lines.join("\n")).toContain(id);
    expect(lines.length).toBeLessThan(50);
  });

  it("of a run that was cut short tells how long what ran took, and no chain or speed-up of the rest", async () => {
    const script = (end: "cancel" | "fail"): Script => ({
      tasks: [{ id: "a" }, { id: "b", dependsOn: ["a"] }, { id: "c", dependsOn: ["b"] }],
      async play(agent, clock, run) {
        await succeeds("a", 1_000)(agent, clock);
        const b = await agent.next("b");
        clock.advance(500);
        if (end === "cancel") run.cancel("enough");
        else b.fail(new Error("broken"));
      },
    });
    for (const end of ["cancel", "fail"] as const) {
      const lines = await summed(script(end));
      expect(lines).toContain("  time       1.5s; what ran took 1.5s together");
      expect(lines.join("\n")).not.toMatch(/longest|speed-up|a > b/);
      expect((await summed(script(end), { events: [] })).join("\n")).not.toMatch(/ {2}time /);
    }
  });

  it("counts a file once, however often it was written", async () => {
    const dir = tempDir({ "old.txt": "old" });
    onTestFinished(() => dir[Symbol.dispose]());
    const files = ["log.txt", "old.txt", "gone.txt"];
    const tasks = ["a", "b"].map((id) => ({ id, reads: [], writes: files }));
    const run = executeWithParallelism(
      { dir: dir.path, tasks },
      (task, ctx) => {
        appendFileSync(join(ctx.dir, "log.txt"), `${task.id}\n`);
        if (task.id === "a") writeFileSync(join(ctx.dir, "gone.txt"), "soon");
        else for (const name of ["old.txt", "gone.txt"]) rmSync(join(ctx.dir, name));
      },
      { env: {} },
    );
    expect(summary(await run)).toMatch(/\n {2}files {6}1 written, 2 removed\n/);
    expect(readFileSync(join(dir.path, "log.txt"), "utf8")).toBe("a\nb\n");
  });

  it("of a cancelled run says that it was", async () => {
    const clock = new FakeClock();
    const agent = scriptedAgent();
    const run = executeWithParallelism([{ id: "a" }, { id: "b" }], agent.run, { env: {}, clock });
    await agent.next("a");
    run.cancel("enough");
    const lines = summary(await run).split("\n");
    expect(lines[0]).toBe("Cancelled: 0 of 2 tasks succeeded, 2 cancelled, in 0ms");
    expect(lines[2]).toBe("  cancelled  a, b: the run was cancelled: enough");
  });
});
