// A task with effects that was cut off, and what a person decides about it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism, type RunHandle, type RunOptions, type RunReport } from "@sheaf/engine";
import { readJournal } from "@sheaf/ledger";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mortal } from "./fixtures/agents.ts";

let place: TempDir;
beforeEach(async () => {
  place = tempDir();
  expect((await session()).status).toBe("suspended");
});
afterEach(() => place[Symbol.dispose]());

const at = (path: string): string => join(place.path, path);

const session = (options: RunOptions = {}): PromiseLike<RunReport> =>
  executeWithParallelism(
    {
      dir: place.path,
      tasks: [
        { id: "before", run: "echo 0 > b", reads: [], writes: ["b"] },
        { id: "sends", effects: ["mail"], input: "always", reads: [], writes: [] },
        { id: "after", run: "echo 1 > a", reads: [], writes: ["a"] },
      ],
    },
    mortal,
    { runId: "r", env: {}, ...options },
  );

const startsOf = (task: string): number =>
  readJournal(at(".sheaf/runs/r/journal.ndjson")).events.filter(
    (event) => event.type === "attempt.started" && event.taskId === task,
  ).length;

test("a session without a decision does not begin, and says both ways", async () => {
  await expect(session()).rejects.toMatchObject({ code: "RUN_IN_DOUBT" });
  await expect(session()).rejects.toThrow(/--again sends .*"again".*--done sends .*"done"/);
  expect(existsSync(at("a"))).toBe(false);
});

test("done takes it as succeeded with nothing, once and for all", async () => {
  const report = await session({ inDoubt: { sends: "done" } });
  expect(report.status).toBe("succeeded");
  expect(report.tasks.sends).toMatchObject({ outcome: "succeeded", output: undefined, reused: true });
  expect(readFileSync(at("a"), "utf8")).toBe("1\n");
  expect(startsOf("sends")).toBe(1);
  expect((await session()).status).toBe("succeeded");
});

test("what was decided is kept although the session ends before the task's turn", async () => {
  const early = await session({ inDoubt: { sends: "done" }, signal: AbortSignal.abort() });
  expect(early.status).toBe("cancelled");
  expect((await session()).status).toBe("succeeded");
  expect(startsOf("sends")).toBe(1);
});

test("again starts it again", async () => {
  expect((await session({ inDoubt: { sends: "again" } })).status).toBe("suspended");
  expect(startsOf("sends")).toBe(2);
});

test("a decision about a task that is not in doubt is a mistake, and so is one that is none", async () => {
  await expect(session({ inDoubt: { sends: "again", after: "done" } })).rejects.toThrow(
    'Expected `inDoubt` to be about tasks in doubt only (sends), got "after".',
  );
  await expect(session({ runId: "new", inDoubt: { sends: "again" } })).rejects.toThrow(/no task is in doubt/);
  expect(() => session({ inDoubt: { sends: "maybe" as never } })).toThrow(/`inDoubt.sends`/);
});

test.each(["a limit of time", "a cancellation"])(
  "%s that cuts it off leaves a doubt as well",
  async (how) => {
    let starts = 0;
    const cutOff = (options: RunOptions = {}): RunHandle => {
      const handle = executeWithParallelism(
        { dir: place.path, tasks: [{ id: "sends", effects: ["mail"], reads: [], writes: [] }] },
        async (_task, { signal }) => {
          starts += 1;
          if (how === "a cancellation") handle.cancel("enough");
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          throw new Error("stopped");
        },
        { runId: "cut", env: {}, ...(how === "a cancellation" ? {} : { taskTimeoutMs: 20 }), ...options },
      );
      return handle;
    };
    expect((await cutOff()).tasks.sends!.outcome).toBe(how === "a cancellation" ? "cancelled" : "failed");
    await expect(Promise.resolve(cutOff())).rejects.toMatchObject({ code: "RUN_IN_DOUBT" });
    expect(starts).toBe(1);
    expect((await cutOff({ inDoubt: { sends: "done" } })).status).toBe("succeeded");
    expect(starts).toBe(1);
  },
);
