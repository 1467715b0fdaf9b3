// What is on the disk before a commit counts.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EventBody, isSheafError } from "@sheaf/core";
import { tempDir } from "@sheaf/testkit";
import { expect, onTestFinished, test } from "vitest";
import { executeWithParallelism } from "../execute-with-parallelism.ts";
import type { RunOptions } from "./options.ts";
import { settleTask } from "./settle-task.ts";
import type { AttemptRecord, World } from "./world.ts";

async function calls(
  durability: "process" | "power",
  effects: object | null = {},
): Promise<readonly string[]> {
  const made: string[] = [];
  const world = {
    ...{ tasks: [{ id: "t" }], tracked: [true], settings: { durability } },
    outputs: { pathsOf: () => ["out"] },
    sync: (paths: readonly string[]) => made.push(`sync ${paths.join()}`),
    workdir: {
      validate: async (found: unknown) => ({ conflicts: [], merges: [], forbidden: [], effects: found }),
      commit: async (_: unknown, alongside: readonly string[]) => {
        made.push(`commit with ${alongside.join()}`);
        return { status: "committed", files: 1, bytes: 1, deleted: 0, outside: [] };
      },
    },
    emit: ({ type }: EventBody) => made.push(type),
    journal: {
      flush: () => made.push("flush"),
      sync: async () => {
        await new Promise(setImmediate);
        made.push("on the disk");
      },
    },
  } as unknown as World;
  const record = { attempt: 1, failure: null, taken: [], effects } as unknown as AttemptRecord;
  const { verdict } = await settleTask(world, 0, record);
  return [...made, verdict];
}

test("with durability against a loss of power, output, commit and journal are on the disk before it counts", async () => {
  const before = ["commit with out", "task.committed"];
  expect(await calls("power")).toEqual([...before, "on the disk", "committed"]);
  expect(await calls("process")).toEqual([...before, "flush", "committed"]);
  const first = ["sync out", "task.committed"];
  expect(await calls("power", null)).toEqual([...first, "on the disk", "committed"]);
});

test("a forbidden write of a task that took another output is no failure yet: the task runs again", async () => {
  const verdict = async (hash: string): Promise<string> => {
    const world = {
      ...{ tasks: [{ id: "t" }], tracked: [true], emit: () => {}, outputs: { hash: () => "now" } },
      workdir: {
        validate: async () => ({
          conflicts: [],
          merges: [],
          forbidden: [{ path: "f", with: "s" }],
          effects: {},
        }),
      },
    } as unknown as World;
    const record = { attempt: 1, failure: null, taken: [{ from: "s", hash }], effects: {} };
    return (await settleTask(world, 0, record as unknown as AttemptRecord)).verdict;
  };
  expect([await verdict("now"), await verdict("then")]).toEqual(["refused", "conflict"]);
});

test("a run whose record of a commit is damaged is not gone on with, and its directory stays", async () => {
  const place = tempDir({ in: "1" });
  onTestFinished(() => place[Symbol.dispose]());
  const at = (path: string): string => join(place.path, path);
  const options: RunOptions = { env: {}, runId: "r", durability: "power" };
  const tasks = [
    { id: "a", reads: ["in"], writes: ["a"] },
    { id: "b", reads: ["a"], writes: ["b"] },
  ];
  const run = (fails: boolean) =>
    executeWithParallelism(
      { dir: place.path, tasks },
      (task, ctx) => {
        if (task.id === "b" && fails) throw new Error("not yet");
        mkdirSync(ctx.dir, { recursive: true });
        writeFileSync(join(ctx.dir, task.id), task.id);
      },
      options,
    );
  expect((await run(true)).tasks.a!.outcome).toBe("succeeded");
  const record = at(".sheaf/runs/r/commits/000000.json");
  const text = readFileSync(record, "utf8");
  writeFileSync(record, text.replace('"taskId":"a"', '"taskId":"b"'));
  const refused = await run(false).then(
    () => null,
    (error: unknown) => error,
  );
  expect(isSheafError(refused, "COMMIT_DAMAGED") && refused.details.path).toBe(record);
  expect(readFileSync(at("a"), "utf8")).toBe("a");
  writeFileSync(record, text);
  expect((await run(false)).status).toBe("succeeded");
});
