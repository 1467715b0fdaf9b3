import type { TaskSpec } from "@sheaf/core";
import { executeWithParallelism, type RunHandle, type RunOptions } from "@sheaf/engine";
import { FakeClock, scriptedAgent, startFakeModelServer } from "@sheaf/testkit";
import stringWidth from "string-width";
import { afterEach, describe, expect, it } from "vitest";
import { liveBlock } from "./live-block.ts";
import { createLiveState, type LiveState, takeLiveEvent } from "./live-state.ts";

// Slots belong to the process: a run that a test leaves behind would keep them from the next.
const left: RunHandle[] = [];

afterEach(async () => {
  for (const run of left.splice(0)) {
    run.cancel();
    await run;
  }
});

/** A run whose live state can be looked at between any two steps. */
function staged(tasks: readonly TaskSpec[], options: RunOptions = {}) {
  const clock = new FakeClock();
  const agent = scriptedAgent();
  const run = executeWithParallelism(tasks, agent.run, { env: {}, clock, ...options });
  left.push(run);
  const state = createLiveState();
  const events = run[Symbol.asyncIterator]();
  /** Takes events up to the first of this kind about this task. */
  const reach = async (type: string, taskId?: string): Promise<void> => {
    for (;;) {
      const { value, done } = await events.next();
      if (done === true) throw new Error(`No ${type} came`);
      takeLiveEvent(state, value);
      if (value.type === type && (taskId === undefined || ("taskId" in value && value.taskId === taskId)))
        return;
    }
  };
  const block = (width = 80, height = 24): readonly string[] =>
    liveBlock(state, { width, height, color: false, now: clock.now() });
  return { clock, agent, run, state, reach, block, plan: planned(run, state) };
}

async function planned(run: RunHandle, state: LiveState): Promise<void> {
  state.plan = await run.plan;
}

describe("the live block", () => {
  it("counts the tasks and shows for each that runs its age and what it said last", async () => {
    const { agent, clock, reach, block } = staged([
      { id: "fetch", dependsOn: [] },
      { id: "fit", dependsOn: ["fetch"] },
    ]);
    const fetch = await agent.next("fetch");
    await reach("attempt.started");
    clock.advance(65_000);
    fetch.ctx.progress(0.5, "page 3\nof 6");
    fetch.ctx.recordUsage({ model: "m", costUsd: 0.25 });
    await reach("attempt.usage");
    expect(block()).toEqual([
      " 1m05s  0 of 2 done  1 running  1 waiting  $0.25",
      " 1m05s  fetch  50% page 3 of 6",
    ]);
    fetch.succeed();
    await reach("attempt.started", "fit");
    expect(block()).toEqual([
      " 1m05s  1 of 2 done  1 running  0 waiting  $0.25  1 to publish",
      "    0s  fit",
    ]);
  });

  it("keeps every running task in its row while others come and go", async () => {
    const tasks = ["a", "b", "c"].map((id) => ({ id, dependsOn: [] }));
    const { agent, reach, state } = staged(tasks, { maxWorkers: 2 });
    const [a] = [await agent.next("a"), await agent.next("b")];
    await reach("attempt.started", "b");
    expect(state.rows).toEqual(["a", "b"]);
    a.succeed();
    await reach("attempt.finished", "a");
    expect(state.rows).toEqual([null, "b"]);
    await reach("attempt.started", "c");
    expect(state.rows).toEqual(["c", "b"]);
  });

  it("shows what failed, with its cause", async () => {
    const { agent, reach, block } = staged([{ id: "a", dependsOn: [] }]);
    (await agent.next("a")).fail(new TypeError("no such field"));
    await reach("attempt.finished");
    expect(block().at(-1)).toBe("failed  a  TypeError: no such field");
    expect(block()[0]).toContain("1 failed");
  });

  it("says how long it will still take where durations are known", async () => {
    const tasks = [
      { id: "a", estimateMs: 10_000 },
      { id: "b", dependsOn: ["a"], estimateMs: 20_000 },
    ];
    const { agent, clock, reach, block, plan } = staged(tasks);
    await agent.next("a");
    await plan;
    await reach("attempt.started");
    clock.advance(4_000);
    expect(block()[0]).toContain("about 26s left");
  });

  it("shows what runs while a model is still asked, and counts tasks that it has not heard of", async () => {
    const server = await startFakeModelServer(() => ({ kind: "stall-headers" }));
    const { agent, run, reach, block } = staged([{ id: "a" }, { id: "b" }, { id: "c" }], {
      modelBaseUrl: server.baseUrl,
    });
    expect(block()).toEqual(["    0s  taking the directory"]);
    await reach("analysis.started");
    expect(block()).toEqual(["    0s  looking for dependencies"]);
    await agent.next("a");
    await reach("attempt.started");
    expect(block()).toEqual([
      "    0s  0 of 3 done  1 running  2 waiting  looking for dependencies",
      "    0s  a",
    ]);
    run.cancel();
    await reach("run.planned");
    expect(block()[0]).not.toContain("looking for dependencies");
    await server.close();
  });

  it("says that a cost is unknown, or at least so much", async () => {
    const { agent, reach, block } = staged([{ id: "a" }]);
    const a = await agent.next("a");
    a.ctx.recordUsage({ model: "m" });
    await reach("attempt.usage");
    expect(block()[0]).toContain("cost unknown");
    a.ctx.recordUsage({ model: "m", costUsd: 1 });
    await reach("attempt.usage");
    expect(block()[0]).toContain("at least $1.00");
  });

  it("fits any terminal, and says what it leaves out", async () => {
    const ids = Array.from({ length: 30 }, (_, i) => `a-task-with-a-long-name-${i}`);
    const { agent, reach, block } = staged(
      ids.map((id) => ({ id, dependsOn: [] })),
      { maxWorkers: 30 },
    );
    for (const id of ids) (await agent.next(id)).ctx.progress(null, "日本語の長い文章".repeat(20));
    await reach("attempt.progress", ids.at(-1));
    for (const [width, height] of [
      [80, 24],
      [50, 10],
      [20, 4],
      [1, 1],
    ] as const) {
      const lines = block(width, height);
      expect(lines.length).toBeLessThan(Math.max(3, height));
      for (const line of lines.slice(0, -1)) expect(stringWidth(line)).toBeLessThan(Math.max(20, width));
    }
    expect(block(80, 10).at(-1)).toBe("        and 23 more");
  });
});
