import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EventOf, EventType, RunEvent, TaskSpec } from "@sheaf/core";
import { executeWithParallelism, type RunHandle, type RunOptions, type RunReport } from "@sheaf/engine";
import { readJournal } from "@sheaf/ledger";
import { FakeClock, readTree, scriptedAgent, type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hungry, inProcess, mortal, takes, writer } from "./fixtures/agents.ts";

let place: TempDir;
beforeEach(() => {
  place = tempDir();
});
afterEach(() => place[Symbol.dispose]());

const OPTIONS: RunOptions = { env: {}, validate: true, maxWorkers: 4 };

const run = (
  tasks: readonly TaskSpec[],
  options: RunOptions = {},
  agent?: Parameters<typeof executeWithParallelism>[1],
): RunHandle => executeWithParallelism({ dir: place.path, tasks }, agent, { ...OPTIONS, ...options });

const file = (name: string): string => readFileSync(join(place.path, name), "utf8");

async function eventsOf<T extends EventType>(handle: RunHandle, type: T): Promise<readonly EventOf<T>[]> {
  const events: RunEvent[] = [];
  for await (const event of handle) if (event.type === type) events.push(event);
  return events as unknown as readonly EventOf<T>[];
}

/** Lets a pause of no length pass on a clock that stands still. */
async function nextAfter<T>(clock: FakeClock, next: Promise<T>): Promise<T> {
  let done = false;
  const settled = next.finally(() => {
    done = true;
  });
  for (let i = 0; i < 1_000 && !done; i++) {
    clock.advance(0);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return settled;
}

const outcomes = (report: RunReport): Record<string, string> =>
  Object.fromEntries(Object.values(report.tasks).map(({ id, outcome }) => [id, outcome]));

describe("commands", () => {
  test("declared reads and writes run side by side and leave what running in order leaves", async () => {
    writeFileSync(join(place.path, "in.txt"), "3\n1\n2\n");
    const report = await run([
      { id: "sort", run: "sort in.txt > sorted.txt", reads: ["in.txt"], writes: ["sorted.txt"] },
      { id: "count", run: "wc -l < in.txt | tr -d ' '", reads: ["in.txt"], writes: [] },
      {
        id: "join",
        run: 'echo "${count.output} lines" | cat - sorted.txt > out.txt',
        reads: ["sorted.txt"],
        writes: ["out.txt"],
      },
    ]);
    report.unwrap();
    expect(file("out.txt")).toBe("3 lines\n1\n2\n3\n");
    expect(report.guarantee.level).toBe("serial-equivalent");
    expect(report.tasks.count).toMatchObject({ output: "3" });
  });

  test("an output can not be taken for a part of a command", async () => {
    const report = await run([
      { id: "evil", run: "echo '\"; touch hacked; echo \"'" },
      { id: "use", run: 'echo "got ${evil.output}"' },
    ]);
    expect(report.unwrap().use).toBe('got "; touch hacked; echo "');
    expect(existsSync(join(place.path, "hacked"))).toBe(false);
  });

  test("a failed command leaves nothing of what it wrote, and says how it ended", async () => {
    writeFileSync(join(place.path, "a"), "old");
    const report = await run([{ id: "bad", run: "echo new > a; echo b > b; echo trouble >&2; exit 7" }]);
    expect(readTree(place.path)).toEqual(['a file 644 "old"']);
    expect(report.tasks.bad?.failure).toMatchObject({
      kind: "command",
      error: { code: "COMMAND_FAILED", fields: { details: { exitCode: 7, stderrTail: "trouble" } } },
    });
  });

  test("what it prints is kept whole beside the work directory, its end is the output", async () => {
    const handle = run([
      { id: "loud", run: "head -c 5000000 /dev/zero | tr '\\0' 'x'; echo; echo end" },
      { id: "full", run: "head -c 65536 /dev/zero | tr '\\0' 'x'" },
    ]);
    const report = await handle;
    const output = String(report.unwrap().loud);
    expect(output.length).toBeLessThanOrEqual(64 * 1024);
    expect(output.endsWith("end")).toBe(true);
    const log = join(report.runDir!, "tasks/0001-loud/attempt-1/logs/stdout.txt");
    expect(readFileSync(log).length).toBe(5_000_005);
    const said = await eventsOf(handle, "attempt.logged");
    expect(said.map(({ taskId, message }) => [taskId, message])).toEqual([
      [
        "loud",
        `The command printed 5000005 bytes; its output is the last 65536 of them. All of it is in ${log}.`,
      ],
    ]);
  });

  test("what a command leaves running ends with it, and a deaf one is killed at its timeout", async () => {
    const report = await run(
      [
        { id: "leaves", run: "sleep 300 & echo $!", reads: [], writes: [] },
        { id: "deaf", run: "trap '' TERM; sleep 300 & sleep 300", reads: [], writes: [], timeoutMs: 300 },
      ],
      {},
    );
    expect(report.tasks.deaf?.failure?.kind).toBe("timeout");
    const pid = Number(report.tasks.leaves?.output);
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 5_000 }).toBe(false);
  });

  test("a process that escapes with the command's output in its hand does not hold the run up", async () => {
    const report = await run([{ id: "escapes", run: "setsid sleep 20 & echo on", reads: [], writes: [] }]);
    expect(report.unwrap().escapes).toBe("on");
    expect(report.timing.wallMs).toBeLessThan(15_000);
    spawnSync("pkill", ["-f", "^sleep 20$"]);
  });

  test("a command that is stopped may clean up before it is killed", async () => {
    const command = "trap 'echo cleaned > mark; exit 1' TERM; echo ready; while :; do sleep 0.05; done";
    const report = await run([{ id: "tidy", run: command, reads: [], writes: ["mark"], timeoutMs: 400 }]);
    expect(report.tasks.tidy?.failure?.kind).toBe("timeout");
    expect(readFileSync(join(report.runDir!, "tasks/0001-tidy/view/mark"), "utf8")).toBe("cleaned\n");
  });

  test("a command that removes the directory under itself fails or commits, and nothing else is lost", async () => {
    writeFileSync(join(place.path, "kept"), "1");
    const report = await run([
      { id: "rude", run: 'rm -rf "$PWD"', reads: ["kept"], writes: [] },
      { id: "after", run: "cat kept", reads: ["kept"], writes: [] },
    ]);
    expect(outcomes(report)).toEqual({ rude: "failed", after: "succeeded" });
    expect(file("kept")).toBe("1");
  });

  test("in a run without a directory a command is in an empty folder, not in the caller's", async () => {
    const report = await executeWithParallelism(
      [{ id: "where", run: "pwd; ls -A | wc -l" }],
      undefined,
      OPTIONS,
    );
    const [folder, count] = String(report.unwrap().where).split("\n");
    expect(folder).not.toBe(process.cwd());
    expect(Number(count)).toBe(0);
    expect(existsSync(folder!)).toBe(false);
    expect(report.runDir).toBeNull();
  });

  test("a git in a view does not find a repository above it", async () => {
    const report = await run([{ id: "git", run: "git rev-parse --show-toplevel || echo none" }]);
    expect(report.unwrap().git).toBe("none");
  });
});

describe("the order", () => {
  test("a task that declares no reads starts when all before it are committed, and sees what they wrote", async () => {
    const handle = run([
      { id: "first", run: "sleep 0.2; echo 1 > a", reads: [], writes: ["a"] },
      { id: "any", run: "cat a > b" },
      { id: "third", run: "echo c > c", reads: [], writes: ["c"] },
    ]);
    const report = await handle;
    report.unwrap();
    expect(file("b")).toBe("1\n");
    expect(report.tasks.any!.startedMs!).toBeGreaterThanOrEqual(report.tasks.first!.endedMs!);
    expect(report.guarantee.level).toBe("serial-equivalent");
  });

  test("it waits for its turn even where it says that it depends on nobody", async () => {
    const report = await run([
      { id: "slow", run: "sleep 0.3; echo 1 > a", dependsOn: [] },
      { id: "quick", run: "cat a", dependsOn: [] },
    ]);
    expect(report.unwrap().quick).toBe("1");
    expect(report.tasks.quick?.attempts).toBe(1);
  });

  test("tasks that start before an earlier one is committed see what it wrote, and are not run twice for it", async () => {
    const agent = scriptedAgent();
    const declare = (id: string, reads: string[], writes: string[]) => ({ id, reads, writes });
    const handle = run(
      [
        declare("slow", [], []),
        declare("writes", [], ["a"]),
        declare("reads", ["a"], ["b"]),
        declare("reads-too", ["a", "b"], []),
      ],
      {},
      agent.run,
    );
    const writes = await agent.next("writes");
    writeFileSync(join(writes.ctx.dir, "a"), "1");
    writes.succeed();
    const reads = await agent.next("reads");
    expect(readFileSync(join(reads.ctx.dir, "a"), "utf8")).toBe("1");
    writeFileSync(join(reads.ctx.dir, "b"), "2");
    reads.succeed();
    const both = await agent.next("reads-too");
    both.succeed(["a", "b"].map((name) => readFileSync(join(both.ctx.dir, name), "utf8")));
    expect(existsSync(join(place.path, "a"))).toBe(false);
    (await agent.next("slow")).succeed();
    const report = await handle;
    expect(report.unwrap()["reads-too"]).toEqual(["1", "2"]);
    expect(Object.values(report.tasks).map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1]);
  });

  test("with consistency trust-graph it starts by the graph, and the report says so", async () => {
    const report = await run(
      [
        { id: "slow", run: "sleep 0.4; echo 1 > a", dependsOn: [] },
        { id: "quick", run: "echo 2 > b", dependsOn: [] },
      ],
      { consistency: "trust-graph" },
    );
    report.unwrap();
    expect(report.tasks.quick!.startedMs!).toBeLessThan(report.tasks.slow!.endedMs!);
    expect(report.guarantee.level).toBe("trust-graph");
    expect(readTree(place.path)).toEqual(['a file 644 "1\\n"', 'b file 644 "2\\n"']);
  });

  test("a task with effects runs in its turn", async () => {
    const report = await run([
      { id: "slow", run: "sleep 0.2", reads: [], writes: [] },
      { id: "sends", run: "true", reads: [], writes: [], effects: ["mail"] },
    ]);
    expect(report.tasks.sends!.startedMs!).toBeGreaterThanOrEqual(report.tasks.slow!.endedMs!);
  });

  test("with effects and a lost worker the task is in doubt, is not started again, and the run is suspended", async () => {
    const report = await run(
      [
        { id: "sends", effects: ["mail"], input: "always", reads: [], writes: [] },
        { id: "after", run: "echo 1 > a", reads: [], writes: ["a"] },
      ],
      {},
      mortal,
    );
    expect(report.status).toBe("suspended");
    expect(outcomes(report)).toEqual({ sends: "in-doubt", after: "skipped" });
    expect(report.tasks.sends).toMatchObject({ attempts: 1, failure: { error: { code: "RUN_IN_DOUBT" } } });
    expect(report.tasks.after?.because).toEqual({ reason: "in-doubt", taskId: "sends" });
    expect(existsSync(join(place.path, "a"))).toBe(false);
  });

  test("a conflict is told with the path and the task that made it, and the re-run sees the truth", async () => {
    writeFileSync(join(place.path, "a"), "old");
    const handle = run(
      [
        { id: "writes", run: "sleep 0.3; echo new > a", reads: [], writes: ["a"] },
        { id: "reads", run: "cat a", reads: ["a"], writes: [] },
      ],
      { mode: "parallel" },
    );
    const report = await handle;
    expect(report.unwrap().reads).toBe("new");
    expect(report.tasks.reads).toMatchObject({ attempts: 2, conflicts: 1 });
    const [conflict] = await eventsOf(handle, "task.conflicted");
    expect(conflict?.conflicts).toEqual([{ what: "a", with: "writes" }]);
  });

  test("stop keeps the prefix before the failure and what later tasks finished, unpublished", async () => {
    const report = await run(
      [
        { id: "good", run: "echo 1 > a", reads: [], writes: ["a"] },
        { id: "bad", run: "sleep 0.2; false", reads: [], writes: [] },
        { id: "later", run: "echo 2 > b", reads: [], writes: ["b"] },
      ],
      { onFailure: "stop" },
    );
    expect(report.status).toBe("failed");
    expect(readTree(place.path)).toEqual(['a file 644 "1\\n"']);
    expect(readdirSync(join(report.runDir!, "layers", "1"))).toContain("0003-later-1");
  });
});

describe("agents in workers", () => {
  test.each(["thread", "process"] as const)(
    "a TypeScript agent runs in a %s and writes into its view",
    async (executor) => {
      const report = await run(
        [
          { id: "one", input: "hello", reads: [], writes: ["*.txt"] },
          { id: "two", reads: [], writes: ["*.txt"] },
        ],
        { executor },
        writer,
      );
      const outputs = report.unwrap() as Record<string, { text: string; pid: number; here: string }>;
      expect(file("one.txt")).toBe("HELLO!");
      expect(outputs.two?.text).toBe("TWO!");
      expect(outputs.one?.pid).not.toBe(process.pid);
      expect(outputs.one?.here).toBe(fileURLToPath(new URL("./fixtures/", import.meta.url)));
      expect(report.tasks.one?.resources?.cpuMs).toBeGreaterThan(0);
    },
  );

  test("an agent that asks for a process has its view as working directory", async () => {
    const report = await run([{ id: "where" }], { runId: "named" }, inProcess);
    const output = report.unwrap().where as { cwd: string; dir: string; run: string };
    expect(output.cwd).toBe(output.dir);
    expect(output.run).toBe("named");
  });

  test.each(["thread", "process"] as const)(
    "a task whose %s was lost starts again, beside others that go on",
    async (executor) => {
      const handle = run(
        [
          { id: "dies-once", reads: [], writes: [] },
          { id: "dies-twice", input: "always", reads: [], writes: [] },
        ],
        { executor },
        mortal,
      );
      const report = await handle;
      expect(report.tasks["dies-once"]).toMatchObject({ outcome: "succeeded", attempts: 2 });
      expect(report.tasks["dies-twice"]).toMatchObject({
        outcome: "failed",
        attempts: 2,
        failure: { kind: "worker-lost" },
      });
      expect(report.cost.calls).toBe(4);
      const starts = await eventsOf(handle, "attempt.started");
      expect(starts.filter(({ taskId }) => taskId === "dies-once").map(({ cause }) => cause)).toEqual([
        "first",
        "restart",
      ]);
    },
  );

  test("a process over its memory limit is ended, and the error gives the figures", async () => {
    const report = await run([{ id: "eats", reads: [], writes: [] }], { maxMemoryMb: 200 }, hungry);
    const failure = report.tasks.eats?.failure;
    expect(failure?.kind).toBe("out-of-memory");
    expect(failure?.error.message).toMatch(/used \d+ MiB, limit 200 MiB/);
  });

  test("inputs reach workers, those that came along and those that did not", async () => {
    const big = "x".repeat(200_000);
    const report = await executeWithParallelism(
      {
        tasks: [
          { id: "first", agent: "plain" },
          { id: "near", dependsOn: ["first"] },
          { id: "far", dependsOn: ["near"] },
        ],
        agents: { plain: () => big },
      },
      takes,
      OPTIONS,
    );
    expect(report.unwrap()).toEqual({ first: big, near: big, far: big });
  });

  test("an agent that is named by module and export gets what it needs all the same", async () => {
    const module = fileURLToPath(new URL("./fixtures/agents.ts", import.meta.url));
    const handle = run([{ id: "where" }], {}, { module, export: "inProcess" });
    expect((await eventsOf(handle, "attempt.started"))[0]?.executor).toBe("process");
    const output = (await handle).unwrap().where as { cwd: string; dir: string };
    expect(output.cwd).toBe(output.dir);
  });

  test("a module that does not export the agent is told before the first task starts", async () => {
    const module = fileURLToPath(new URL("./fixtures/agents.ts", import.meta.url));
    const refused = run([{ id: "a" }], {}, { module, export: "nobody" });
    await expect(refused).rejects.toThrow(/exports no agent as "nobody" \(it exports .*writer/);
  });

  test("a module that cannot be compiled is named with the compiler's words", async () => {
    const module = join(place.path, "broken.ts");
    writeFileSync(module, "export default (: => 1;");
    await expect(run([{ id: "a" }], {}, { module })).rejects.toMatchObject({ code: "AGENT_MODULE_FAILED" });
  });

  test("an agent module that starts a run while it is imported is refused", async () => {
    const module = join(place.path, "recursive.mjs");
    const engine = new URL("../../../packages/engine/dist/index.js", import.meta.url).href;
    writeFileSync(
      module,
      `import { executeWithParallelism } from ${JSON.stringify(engine)};
      export default () => 1; await executeWithParallelism([{ id: "a" }], () => 1);`,
    );
    await expect(run([{ id: "a", reads: [], writes: [] }], {}, { module })).rejects.toThrow(
      /module of its own/,
    );
  });
});

describe("a plain function in a directory", () => {
  test("it sees what it declares and what it asks for; what it asks for is checked", async () => {
    writeFileSync(join(place.path, "a"), "old");
    const handle = run(
      [{ id: "writes", run: "sleep 0.2; printf new > a", reads: [], writes: ["a"] }, { id: "asks" }],
      { mode: "parallel" },
      async (_task, ctx) => {
        const blind = existsSync(join(ctx.dir, "a"));
        return [blind, await ctx.read("a", "utf8")];
      },
    );
    expect((await handle).unwrap().asks).toEqual([false, "new"]);
    expect((await handle).tasks.asks?.conflicts).toBe(1);
  });

  test("what an attempt that ran out of time writes later does not reach the next one", async () => {
    const agent = scriptedAgent();
    const clock = new FakeClock();
    const handle = run([{ id: "a", timeoutMs: 1_000, retries: 1 }], { clock, retryDelayMs: 0 }, agent.run);
    const first = await agent.next("a");
    const late = first.ctx.dir;
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1_000);
    const second = await nextAfter(clock, agent.next("a"));
    expect(second.ctx.dir).not.toBe(late);
    writeFileSync(join(late, "late"), "x");
    writeFileSync(join(second.ctx.dir, "own"), "y");
    second.succeed();
    (await handle).unwrap();
    expect(readTree(place.path)).toEqual(['own file 644 "y"']);
  });

  test("the folders of an attempt lie in the view or beside it, and temporary files go", async () => {
    const report = await run([{ id: "a" }], {}, (_task, ctx) => {
      writeFileSync(join(ctx.dirs.outputs, "o.txt"), "o");
      writeFileSync(join(ctx.dirs.logs, "l.txt"), "l");
      writeFileSync(join(ctx.dirs.temp, "t.txt"), "t");
    });
    report.unwrap();
    expect(readTree(place.path)).toEqual(["outputs/ folder 755", 'outputs/o.txt file 644 "o"']);
    const beside = join(report.runDir!, "tasks/0001-a/attempt-1");
    expect(readTree(beside).map((line) => line.split(" ")[0])).toEqual(["logs/", "logs/l.txt"]);
  });
});

describe("folders of an attempt", () => {
  test("a task with declared writes may ask for one that they do not cover, as long as it puts nothing there", async () => {
    const report = await run(
      [
        { id: "a", writes: ["out.txt"] },
        { id: "own", run: "mkdir data" },
        { id: "b", writes: ["out.txt"] },
      ],
      {},
      (task, ctx) => {
        if (task.id === "b") writeFileSync(join(ctx.dirs.outputs, "o.txt"), "o");
        return ctx.dirs.data;
      },
    );
    expect(outcomes(report)).toEqual({ a: "succeeded", own: "succeeded", b: "failed" });
    expect(report.tasks.b?.failure?.error.message).toMatch(/outputs/);
    // A folder that a command made itself is its own, whatever it is called.
    expect(readTree(place.path)).toEqual(["data/ folder 755"]);
  });
});

describe("the record", () => {
  test("the journal on disk equals the events, and the run's folder keeps what retain says", async () => {
    const handle = run([
      { id: "good", run: "echo 1", reads: [], writes: [] },
      { id: "bad", run: "echo 2 > left; false", reads: [], writes: ["left"] },
    ]);
    const report = await handle;
    const events: RunEvent[] = [];
    for await (const event of handle) events.push(event);
    expect(readJournal(join(report.runDir!, "journal.ndjson"))).toEqual({ events, torn: false });
    expect(existsSync(join(report.runDir!, "tasks/0002-bad/view/left"))).toBe(true);
    expect(existsSync(join(report.runDir!, "tasks/0001-good/view"))).toBe(false);
  });

  test("measured durations order the next run", async () => {
    const tasks = [
      { id: "quick", run: "true", reads: [], writes: [] },
      { id: "slow", run: "sleep 0.3", reads: [], writes: [] },
    ];
    await run(tasks, { runId: "one" });
    const plan = await run(tasks, { runId: "two", maxWorkers: 1 }).plan;
    expect(plan.durationsFrom).toBe("2 measured");
    expect(plan.priorities[1]).toBeGreaterThan(plan.priorities[0]!);
  });

  test("a change from outside during the run is told, kept aside and voids the guarantee", async () => {
    writeFileSync(join(place.path, "a"), "1");
    const report = await run(
      [{ id: "slow", run: "sleep 0.1; echo 2 > a", reads: [], writes: ["a"] }],
      {},
      undefined,
    );
    expect(report.guarantee.level).toBe("serial-equivalent");
    rmSync(join(place.path, "a"));
    const handle = run([{ id: "slow", agent: "edits", reads: ["a"], writes: ["a"] }], {}, (_task, ctx) => {
      rmSync(join(place.path, "a"), { force: true });
      writeFileSync(join(place.path, "a"), "precious");
      writeFileSync(join(ctx.dir, "a"), "ours");
    });
    const second = await handle;
    expect(second.guarantee.level).toBe("void");
    expect(file("a")).toBe("ours");
    expect(readFileSync(join(second.runDir!, "outside/a"), "utf8")).toBe("precious");
  });
});
