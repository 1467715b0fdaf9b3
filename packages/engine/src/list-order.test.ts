import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@sheaf/testkit";
import { describe, expect, test } from "vitest";
import { executeWithParallelism, planRun, type RunOptions } from "./index.ts";
import { OPTIONS } from "./run-rig.ts";

const free: RunOptions = { ...OPTIONS, order: "free" };

const orderOf = async (tasks: readonly object[], options: RunOptions = free): Promise<readonly string[]> =>
  (await planRun(tasks as never, () => 1, options)).plan.order;

describe("a list whose order is free", () => {
  const paper = [
    { id: "plot", run: "tr a-z A-Z < fit.txt > plot.txt", reads: ["fit.txt"], writes: ["plot.txt"] },
    {
      id: "report",
      run: "echo '${plot.output}' done; cat plot.txt >> all.txt",
      reads: ["plot.txt", "all.txt"],
      writes: ["all.txt"],
    },
    { id: "fit", run: "cat data.txt data.txt > fit.txt", reads: ["data.txt"], writes: ["fit.txt"] },
    { id: "fetch", run: "echo abc > data.txt", reads: [], writes: ["data.txt"] },
  ];

  test("is run in the order that its files call for, and that is what is published", async () => {
    using place = tempDir({ "all.txt": "" });
    const dir = place.path;
    const report = await executeWithParallelism({ dir, tasks: paper }, undefined, free);
    expect(report.status).toBe("succeeded");
    expect(report.guarantee.level).toBe("serial-equivalent");
    expect(readFileSync(join(dir, "all.txt"), "utf8")).toBe("ABC\nABC\n");
    expect(Object.keys(report.tasks)).toEqual(["fetch", "fit", "plot", "report"]);
  });

  test("is told from one whose order counts", async () => {
    expect(await orderOf(paper)).toEqual(["fetch", "fit", "plot", "report"]);
    expect(await orderOf(paper, OPTIONS)).toEqual(["plot", "report", "fit", "fetch"]);
  });

  test("has outputs taken from whoever comes later in the list", async () => {
    const tasks = [
      { id: "a", input: "${b.output}" },
      { id: "b", description: "after ${c.output}" },
      { id: "c" },
    ];
    expect(await orderOf(tasks)).toEqual(["c", "b", "a"]);
    const report = await executeWithParallelism(tasks, (task) => `${task.id}${task.input ?? ""}`, free);
    expect(report.unwrap().a).toBe("ab");
    const cycle = [
      { id: "a", input: "${b.output}" },
      { id: "b", dependsOn: ["a"] },
    ];
    expect(() => executeWithParallelism(cycle, () => 1, free)).toThrow(
      expect.objectContaining({ code: "GRAPH_CYCLE" }),
    );
  });

  test("holds to dependsOn, and says what goes in a circle", async () => {
    const tasks = [
      { id: "a", reads: ["x"], writes: ["y"] },
      { id: "b", reads: ["y"], writes: ["x"], dependsOn: ["c"] },
      { id: "c" },
    ];
    const { plan } = await planRun(tasks, () => 1, free);
    expect(plan.order).toEqual(["c", "a", "b"]);
    expect(plan.warnings[0]).toMatch(
      /^The files that a, b read and write call for an order that goes in a circle/,
    );
  });

  test("is no different where nothing is declared", async () => {
    const tasks = ["c", "a", "b"].map((id) => ({ id }));
    expect(await orderOf(tasks)).toEqual(["c", "a", "b"]);
  });
});

test("a list in order that reads what only a later task makes gets a warning, where the file is not there", async () => {
  using place = tempDir();
  const tasks = [
    { id: "plot", reads: ["fit.txt"], writes: [] },
    { id: "fit", reads: [], writes: ["fit.txt"] },
  ];
  const warnings = async () => (await planRun({ dir: place.path, tasks }, () => 1, OPTIONS)).plan.warnings;
  expect(await warnings()).toEqual([
    expect.stringMatching(/^Task plot reads fit.txt, which is not there, and fit/),
  ]);
  writeFileSync(join(place.path, "fit.txt"), "");
  expect(await warnings()).toEqual([]);
});
