import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AttemptEnd,
  type Executor,
  encodeData,
  type Observation,
  type RunEvent,
  type TaskSpec,
} from "@sheaf/core";
import {
  FakeClock,
  memoryDir,
  type ScriptedAgent,
  type ScriptedCall,
  scriptedAgent,
  type TempDir,
} from "@sheaf/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defineAgent } from "../agents/define-agent.ts";
import { executeWithParallelism } from "../execute-with-parallelism.ts";
import { executeOn } from "../internal.ts";
import type { RunOptions } from "./options.ts";
import type { RunHandle } from "./run-handle.ts";

let place: TempDir;
let agent: ScriptedAgent;
beforeEach(() => {
  place = memoryDir();
  agent = scriptedAgent();
  writeFileSync(join(place.path, "x"), "old");
});
afterEach(() => place[Symbol.dispose]());

const OPTIONS: RunOptions = {
  ...{ env: {}, validate: true, mode: "parallel", maxWorkers: 4, staging: "copy", useLlmDeps: false },
  ...{ minFreeDiskMb: 0 },
};

const run = (tasks: readonly TaskSpec[], options: RunOptions = {}): RunHandle =>
  executeWithParallelism({ dir: place.path, tasks }, agent.run, {
    ...OPTIONS,
    ...{ clock: new FakeClock(), ...options },
  });

const read = ({ ctx }: ScriptedCall, name: string): string => readFileSync(join(ctx.dir!, name), "utf8");
const write = ({ ctx }: ScriptedCall, name: string, text: string): void =>
  writeFileSync(join(ctx.dir!, name), text);

/** Follows a run, so that a test can wait for what has happened. */
function follow(handle: RunHandle) {
  const seen: RunEvent[] = [];
  const waiting = new Set<() => void>();
  void (async () => {
    for await (const event of handle) {
      seen.push(event);
      for (const look of waiting) look();
    }
  })();
  const until = (type: RunEvent["type"], taskId: string): Promise<RunEvent> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = seen.find(
          (event) => event.type === type && "taskId" in event && event.taskId === taskId,
        );
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { seen, until };
}

const WRITER = { id: "writer", reads: [], writes: ["x"] } as const;
const BETWEEN = { id: "between", reads: [], writes: ["y"] } as const;
const READER = { id: "reader", reads: ["x"], writes: ["z"] } as const;

test("a running attempt ends as soon as what it was shown has changed, and starts again in its turn", async () => {
  const handle = run([WRITER, BETWEEN, READER]);
  const { seen, until } = follow(handle);
  const [writer, between, early] = [
    await agent.next("writer"),
    await agent.next("between"),
    await agent.next("reader"),
  ];
  expect(read(early, "x")).toBe("old");
  early.ctx.recordUsage({ model: "m", inputTokens: 7 });
  write(writer, "x", "new");
  writer.succeed();
  const ended = await until("attempt.finished", "reader");
  expect(early.ctx.signal.reason).toMatchObject({ message: expect.stringContaining("is different now") });
  expect(ended).toMatchObject({ attempt: 1, status: "aborted", because: { reason: "conflict" } });
  expect(agent.started.filter((id) => id === "reader")).toHaveLength(1);
  write(between, "y", "");
  between.succeed();
  const again = await agent.next("reader");
  write(again, "z", read(again, "x"));
  again.ctx.recordUsage({ model: "m", inputTokens: 5 });
  again.succeed();
  const report = await handle;
  expect(report.status).toBe("succeeded");
  expect(report.tasks.reader).toMatchObject({ attempts: 2, conflicts: 1 });
  expect(readFileSync(join(place.path, "z"), "utf8")).toBe("new");
  expect(report.cost.byClass["conflict-rerun"].inputTokens).toBe(7);
  expect(report.cost.byClass.useful.inputTokens).toBe(5);
  expect(seen.filter(({ type }) => type === "task.conflicted")).toMatchObject([
    { taskId: "reader", attempt: 1, conflicts: [{ what: "x", with: "writer" }] },
  ]);
  const order = seen.flatMap((event) =>
    (event.type === "task.committed" && event.taskId === "between") ||
    (event.type === "attempt.started" && event.taskId === "reader" && event.attempt === 2)
      ? [event.type]
      : [],
  );
  expect(order).toEqual(["task.committed", "attempt.started"]);
});

test("one that has ended is given up at once, so nothing more starts on what it made", async () => {
  const handle = run([WRITER, BETWEEN, READER, { ...READER, id: "next", dependsOn: ["reader"] }]);
  const { until } = follow(handle);
  const [writer, between, early] = [
    await agent.next("writer"),
    await agent.next("between"),
    await agent.next("reader"),
  ];
  early.succeed(read(early, "x"));
  const stale = await agent.next("next");
  expect(stale.ctx.inputs.reader).toBe("old");
  write(writer, "x", "new");
  writer.succeed();
  await until("task.conflicted", "next");
  expect(agent.open).toEqual(new Set(["between"]));
  between.succeed();
  const again = await agent.next("reader");
  again.succeed(read(again, "x"));
  const last = await agent.next("next");
  last.succeed(last.ctx.inputs.reader);
  expect((await handle).tasks.next).toMatchObject({ output: "new", attempts: 2, conflicts: 1 });
});

test("the same bytes written once more end nobody", async () => {
  const handle = run([WRITER, READER]);
  const { until } = follow(handle);
  const [writer, early] = [await agent.next("writer"), await agent.next("reader")];
  write(writer, "x", "old");
  writer.succeed();
  await until("task.committed", "writer");
  early.succeed(read(early, "x"));
  expect((await handle).tasks.reader).toMatchObject({ output: "old", attempts: 1, conflicts: 0 });
});

test("who was shown what a task between the two has written goes on, though that one runs again", async () => {
  const handle = run([WRITER, { ...WRITER, id: "between" }, READER], { maxWorkers: 2 });
  const { until } = follow(handle);
  const [writer, between] = [await agent.next("writer"), await agent.next("between")];
  write(between, "x", "between");
  between.succeed();
  const reader = await agent.next("reader");
  write(writer, "x", "writer");
  writer.succeed();
  const again = await agent.next("between");
  write(again, "x", "between");
  again.succeed();
  await until("task.committed", "between");
  reader.succeed(read(reader, "x"));
  expect((await handle).tasks.reader).toMatchObject({ output: "between", attempts: 1, conflicts: 0 });
});

test("a running attempt ends when an output that its input names is another one now", async () => {
  const next = { id: "next", reads: [], writes: [], input: "${reader.output}" };
  const handle = run([WRITER, { ...READER, writes: [] }, BETWEEN, next]);
  const { until } = follow(handle);
  const [writer, early] = [await agent.next("writer"), await agent.next("reader")];
  const between = await agent.next("between");
  early.succeed(read(early, "x"));
  const stale = await agent.next("next");
  expect(stale.task.input).toBe("old");
  write(writer, "x", "new");
  writer.succeed();
  const again = await agent.next("reader");
  expect(stale.ctx.signal.aborted).toBe(false);
  again.succeed(read(again, "x"));
  expect(await until("task.conflicted", "next")).toMatchObject({ conflicts: [{ what: "output of reader" }] });
  expect(stale.ctx.signal.aborted).toBe(true);
  between.succeed();
  const last = await agent.next("next");
  last.succeed(last.task.input);
  expect((await handle).tasks.next).toMatchObject({ output: "new", attempts: 2 });
});

/** An executor of watched work, whose attempts a test ends. */
function heldExecutor() {
  const ends = new Map<string, (end: AttemptEnd) => void>();
  const views = new Map<string, string>();
  const starts: string[] = [];
  const common = { measured: { latencyMs: 0, cpuMs: null, peakMemoryMiB: null }, taken: [], quiet: true };
  const executor: Executor = {
    kind: "thread",
    abilities: {
      ...{ closures: false, commands: false, ownCwd: false },
      ...{ stopsBusyLoop: true, survivesCrash: true, limitsMemory: false },
    },
    start({ task: { id }, place: { view } }) {
      starts.push(id);
      views.set(id, view!);
      const ended = new Promise<AttemptEnd>((resolve) => ends.set(id, resolve));
      const abort = (): void => ends.get(id)!({ status: "aborted", ...common, observed: null });
      return { ended, memoryMiB: () => null, abort };
    },
    dispose: async () => {},
  };
  const started = (id: string, times = 1): Promise<void> =>
    vi.waitFor(
      () => {
        const count = starts.filter((each) => each === id).length;
        if (count < times) throw new Error(`${id} must start ${times} times, has started ${count} times`);
      },
      { timeout: 20_000, interval: 1 },
    );
  const succeed = (id: string, observations: readonly Observation[] = []): void => {
    const observed = { observations, incomplete: null };
    ends.get(id)!({ status: "succeeded", output: encodeData(null, id), ...common, observed });
  };
  const leave = (id: string, name: string, text: string): void =>
    writeFileSync(join(views.get(id)!, name), text);
  return { executor, started, succeed, leave };
}

function runHeld({ executor }: ReturnType<typeof heldExecutor>, tasks: readonly TaskSpec[]): RunHandle {
  const module = new URL("./find-doomed.test.ts", import.meta.url).href;
  const agent = defineAgent({ name: "held", run: () => null }, module);
  const executors = { get: () => executor, dispose: async () => {} };
  return executeOn(executors, { run: { dir: place.path, tasks }, agent, options: OPTIONS });
}

test("a watched attempt goes on unless it names the path: what it looks at comes with its end", async () => {
  const held = heldExecutor();
  const handle = runHeld(held, [WRITER, READER, { id: "broad", reads: ["*"], writes: ["w"] }]);
  const { until } = follow(handle);
  for (const id of ["writer", "reader", "broad"]) await held.started(id);
  held.leave("writer", "x", "new");
  held.succeed("writer");
  expect(await until("attempt.finished", "reader")).toMatchObject({ because: { reason: "conflict" } });
  held.succeed("broad", [{ kind: "content", path: "other" }]);
  await held.started("reader", 2);
  held.succeed("reader", [{ kind: "content", path: "x" }]);
  const { tasks } = await handle;
  expect(tasks.reader).toMatchObject({ attempts: 2 });
  expect(tasks.broad).toMatchObject({ attempts: 1 });
});

test("what a task between the two wrote over is left to the turn", async () => {
  const held = heldExecutor();
  const handle = runHeld(held, [WRITER, { id: "between" }, { ...READER, dependsOn: ["between"] }]);
  const { until } = follow(handle);
  await held.started("writer");
  await held.started("between");
  held.leave("between", "x", "between");
  held.succeed("between", [{ kind: "written", path: "x" }]);
  await held.started("reader");
  held.leave("writer", "x", "writer");
  held.succeed("writer");
  await until("task.committed", "between");
  held.succeed("reader", [{ kind: "content", path: "x" }]);
  expect((await handle).tasks.reader).toMatchObject({ attempts: 1, conflicts: 0 });
});
