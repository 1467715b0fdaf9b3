import { describe, expect, test, vi } from "vitest";
import { executeWithParallelism, type RunOptions } from "./index.ts";
import { OPTIONS, scripted, settle } from "./run-rig.ts";

describe("dispatch", () => {
  test("a fast branch never waits for a slow sibling", async () => {
    const { agent, run } = scripted([{ id: "slow" }, { id: "fast" }, { id: "next", dependsOn: ["fast"] }]);
    (await agent.next("fast")).succeed();
    (await agent.next("next")).succeed();
    await settle();
    expect(agent.open).toEqual(new Set(["slow"]));
    (await agent.next("slow")).succeed();
    expect((await run).status).toBe("succeeded");
  });

  test("with levels it does", async () => {
    const { agent, run } = scripted([{ id: "slow" }, { id: "fast" }, { id: "next", dependsOn: ["fast"] }], {
      schedule: "levels",
    });
    (await agent.next("fast")).succeed();
    await settle();
    expect([...agent.started].sort()).toEqual(["fast", "slow"]);
    (await agent.next("slow")).succeed();
    (await agent.next("next")).succeed();
    await run;
  });

  test("the longest remaining path goes first, by estimates", async () => {
    const tasks = [
      { id: "short", estimateMs: 10, dependsOn: [] },
      { id: "long", estimateMs: 100, dependsOn: [] },
      { id: "after-short", estimateMs: 500, dependsOn: ["short"] },
    ];
    const { agent, run } = scripted(tasks, { maxWorkers: 1 });
    for (const id of ["short", "after-short", "long"]) (await agent.next(id)).succeed();
    await run;
    expect(agent.started).toEqual(["short", "after-short", "long"]);
  });

  test("never more than maxWorkers run at once, over all runs of the process", async () => {
    // Runs that other tests have left behind count as well.
    vi.resetModules();
    const { executeWithParallelism: execute } = await import("./index.ts");
    let running = 0;
    let most = 0;
    const agent = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await settle();
      running -= 1;
    };
    const tasks = Array.from({ length: 12 }, (_, i) => ({ id: `t${i}`, dependsOn: [] }));
    const run = () => execute(tasks, agent, { ...OPTIONS, maxWorkers: 3 });
    await Promise.all([run(), run()]);
    expect(most).toBe(3);
  });

  test("a tag limits its tasks, and those that wait say so", async () => {
    const tasks = ["a", "b"].map((id) => ({ id, dependsOn: [], resources: { tags: ["llm"] } }));
    const { agent, run } = scripted(tasks, { tags: { llm: 1 } });
    const first = await agent.next("a");
    await settle();
    expect(agent.started).toEqual(["a"]);
    first.succeed();
    (await agent.next("b")).succeed();
    await run;
    const waits = [];
    for await (const event of run) if (event.type === "task.waiting") waits.push(event);
    expect(waits).toMatchObject([{ taskId: "b", reason: 'waits for the limit "llm": 1 of 1 in use' }]);
  });

  test("sequential mode and enableParallel: false run one after another, in list order", async () => {
    for (const options of [{ mode: "sequential" }, { enableParallel: false, mode: "parallel" }] as const) {
      const tasks = ["a", "b", "c"].map((id, i) => ({ id, estimateMs: 10 ** i, dependsOn: [] }));
      const { agent, run } = scripted(tasks, options);
      for (const id of ["a", "b", "c"]) {
        const call = await agent.next(id);
        await settle();
        expect(agent.open).toEqual(new Set([id]));
        call.succeed();
      }
      await run;
    }
  });

  test("a list in which nothing is declared is a chain, in parallel mode everything starts", async () => {
    const auto = scripted([{ id: "a" }, { id: "b" }]);
    const call = await auto.agent.next("a");
    await settle();
    expect(auto.agent.started).toEqual(["a"]);
    call.succeed();
    (await auto.agent.next("b")).succeed();
    await auto.run;
    const parallel = scripted([{ id: "a" }, { id: "b" }], { mode: "parallel" });
    await parallel.agent.next("b").then((later) => later.succeed());
    await parallel.agent.next("a").then((later) => later.succeed());
    expect((await parallel.run).status).toBe("succeeded");
  });
});

describe("the bound on speed-up", () => {
  const free = ["a", "b", "c", "d"].map((id) => ({ id, dependsOn: [], estimateMs: 100 }));
  const boundOf = async (tasks: readonly object[], options: RunOptions = {}): Promise<number> =>
    (await executeWithParallelism(tasks as never, () => 1, { ...OPTIONS, maxWorkers: 4, ...options }).plan)
      .speedupBound;

  test("it counts workers, limits by tag, and tasks that run in their turn", async () => {
    expect(await boundOf(free)).toBe(4);
    expect(await boundOf(free, { maxWorkers: 2 })).toBe(2);
    const tagged = free.map((task, i) => (i < 2 ? { ...task, resources: { tags: ["llm"] } } : task));
    expect(await boundOf(tagged, { tags: { llm: 1 } })).toBe(2);
    expect(await boundOf(free.map((task) => ({ ...task, effects: ["mail"] })))).toBe(1);
    expect(await boundOf(free, { mode: "sequential" })).toBe(1);
  });
});
