import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildGraph, type Edge, levels, type TaskId } from "@sheaf/core";
import { afterAll, describe, expect, test } from "vitest";
import { firstDispatchMs, LONGEST_WAIT_MS } from "../../../bench/src/analysis/first-dispatch.ts";
import { treeHash } from "../../../bench/src/audit/tree-hash.ts";
import { independentList, layeredList } from "../../../bench/src/overhead/lists.ts";
import { plainLevels, plainQueue } from "../../../bench/src/overhead/plain-queue.ts";
import { makeSampleTree } from "../../../bench/src/workdir/sample-tree.ts";
import { transactionSteps } from "../../../bench/src/workdir/transaction-steps.ts";
import { workflowOf } from "../../../bench/src/workflow.ts";
import { computedMs, timedWorkflow } from "../../../bench/src/workflows/timed-workflow.ts";

const root = mkdtempSync(join(tmpdir(), "bench-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folder(name: string): string {
  mkdirSync(join(root, name));
  return join(root, name);
}

const list = layeredList({ layers: 5, width: 20, before: 3, seed: 7 });

describe("lists", () => {
  test("each task of a layer waits for three different tasks of the layer before it", () => {
    const position = new Map(list.map((task, i) => [task.id, i]));
    expect(list.length).toBe(100);
    list.forEach(({ dependsOn = [] }, i) => {
      expect(new Set(dependsOn).size).toBe(i < 20 ? 0 : 3);
      for (const before of dependsOn)
        expect(Math.floor(position.get(before)! / 20)).toBe(Math.floor(i / 20) - 1);
    });
  });

  test("the plain levels are those of the graph", () => {
    const edges = list.flatMap((task) =>
      (task.dependsOn ?? []).map(
        (from) => ({ from, to: task.id, source: "declared", probability: 1 }) as Edge,
      ),
    );
    const graph = buildGraph(list.map((task) => task.id as TaskId), edges); // biome-ignore format: one idea
    const sorted = (groups: readonly (readonly string[])[]) => groups.map((group) => [...group].sort());
    expect(sorted(plainLevels(list))).toEqual(sorted(levels(graph)));
  });

  test("the plain queue runs every task once, after all that it waits for, and so many at a time", async () => {
    const ended = new Set<string>();
    let running = 0;
    let most = 0;
    const work = async (task: (typeof list)[number]): Promise<void> => {
      expect(task.dependsOn!.every((before) => ended.has(before))).toBe(true);
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      expect(ended.has(task.id)).toBe(false);
      ended.add(task.id);
    };
    await plainQueue(list, work, 4);
    await plainQueue(independentList(3).map((task) => ({ ...task, id: `more-${task.id}` })), work, 4); // biome-ignore format: one idea
    expect([ended.size, most]).toEqual([103, 4]);
  });
});

describe("timed workflows", () => {
  // "last" stands first in the file and waits for both others.
  const workflow = workflowOf([
    { name: "last", duration: 0, after: ["a", "b"] },
    { name: "a", duration: 30, after: [] },
    { name: "b", duration: 90, after: [] },
  ]);

  test("tasks come in an order that can be run, with the mean that was asked for", () => {
    const { tasks, waitsMs } = timedWorkflow(workflow, 20);
    expect([...waitsMs]).toEqual([15, 45, 0]);
    expect(tasks.map(({ id, dependsOn, input }) => ({ id, dependsOn, input }))).toEqual([
      { id: "task-1", dependsOn: [], input: 15 },
      { id: "task-2", dependsOn: [], input: 45 },
      { id: "task-3", dependsOn: ["task-1", "task-2"], input: 0 },
    ]);
    expect(tasks.every((task) => task.estimateMs! > 0)).toBe(true);
  });

  test("the computed time is that of the waits that are given", () => {
    const timed = timedWorkflow(workflow, 20);
    const two = { processors: 2, schedule: "ready" } as const;
    expect(computedMs(timed, timed.waitsMs, two)).toBe(45);
    expect(computedMs(timed, timed.waitsMs, { ...two, processors: 1 })).toBe(60);
    expect(computedMs(timed, Float64Array.of(16, 47, 1), two)).toBe(48);
  });
});

describe("the tree of an audit", () => {
  test("its hash holds names and bytes, and neither the run's state nor the input", () => {
    const dir = folder("audit");
    mkdirSync(join(dir, "data"));
    writeFileSync(join(dir, "data", "a.json"), "1");
    const first = treeHash(dir);
    mkdirSync(join(dir, ".sheaf"));
    writeFileSync(join(dir, ".sheaf", "journal"), "x");
    mkdirSync(join(dir, "node_modules"));
    expect(treeHash(dir)).toBe(first);
    writeFileSync(join(dir, "data", "a.json"), "2");
    const changed = treeHash(dir);
    writeFileSync(join(dir, "data", "a.json"), "1");
    writeFileSync(join(dir, "data", "b.json"), "");
    expect(new Set([first, changed, treeHash(dir)]).size).toBe(3);
  });
});

describe("the steps of a run in a directory", () => {
  test("every step is measured, and what was made for it is removed", async () => {
    const dir = folder("tree");
    makeSampleTree(dir, 1_000);
    const before = readdirSync(dir, { recursive: true }).sort();
    const costs = await transactionSteps({ dir, rung: "copy" }).run();
    expect(Object.keys(costs)).toEqual([
      "Sheaf: freeze",
      "Sheaf: stage all",
      "Sheaf: stage all again",
      "Sheaf: stage 10 files",
      "Sheaf: a command reads all files of the directory",
      "Sheaf: a command reads all files of a view",
      "Sheaf: seal, 20 files written",
      "Sheaf: seal, nothing written",
      "Sheaf: validate, nothing committed since",
      "Sheaf: commit 20 files",
      "Sheaf: validate, 20 files committed since",
      "Sheaf: verify",
      "Sheaf: close",
    ]);
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual(before);
  });
});

test("the first dispatch is that by a model's record, not by the task's turn", async () => {
  const ms = await firstDispatchMs(3);
  expect(ms).toBeGreaterThan(0);
  expect(ms).toBeLessThan(LONGEST_WAIT_MS / 2);
});
