import { writeFileSync } from "node:fs";
import { systemClock } from "@sheaf/core";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunHandle } from "../index.ts";
import { scriptedAnalysis, settle } from "../run-rig.ts";

/** Returns what has happened when something does, from the last time on. */
function follow(run: RunHandle): (what: string) => Promise<readonly string[]> {
  const events = run[Symbol.asyncIterator]();
  return async (what) => {
    const seen: string[] = [];
    while (seen.at(-1) !== what) {
      const { value } = await events.next();
      seen.push(`${value.type}${"taskId" in value ? ` ${value.taskId}` : ""}`);
    }
    return seen;
  };
}

describe("while a model is asked, tasks whose reads are not known", () => {
  let place: TempDir;
  beforeEach(() => {
    place = tempDir();
  });
  afterEach(() => place[Symbol.dispose]());

  const commands = [
    { id: "a", run: "true" },
    { id: "b", run: "true" },
    { id: "c", run: "true" },
  ];

  test("start in their turn, whatever is known of their edges, and the run is serial-equivalent", async () => {
    const { run, settled } = await scriptedAnalysis(
      { dir: place.path, tasks: commands },
      { clock: systemClock },
    );
    settled("c");
    expect(await follow(run)("task.waiting b")).not.toContain("attempt.finished a");
    const report = await run;
    expect(report.status).toBe("succeeded");
    expect(report.guarantee.level).toBe("serial-equivalent");
  });

  const options = { consistency: "trust-graph", clock: systemClock, maxWorkers: 3 } as const;

  test("start by trusted edges only when these are final, those among them that nobody is asked about", async () => {
    using beside = tempDir();
    const gate = `while [ ! -e ${beside.path}/gate ]; do sleep 0.01; done`;
    const tasks = [
      { id: "first", run: gate, reads: [], writes: [] },
      { id: "b", run: "true" },
      { id: "c", run: "true" },
    ];
    const input = { dir: place.path, tasks };
    const { run, settled, finish } = await scriptedAnalysis(input, { ...options, about: ["b"] });
    settled("b");
    const until = follow(run);
    await until("attempt.started first");
    finish([]);
    expect((await until("run.planned")).filter((what) => what.startsWith("attempt"))).toEqual([]);
    await until("attempt.finished b");
    writeFileSync(`${beside.path}/gate`, "");
    const report = await run;
    expect(report.status).toBe("succeeded");
    expect(report.guarantee.level).toBe("trust-graph");
  });

  test("start by no edges at all where a run speculates, once it can say that they were trusted", async () => {
    const input = { dir: place.path, tasks: commands };
    const { run, settled, finish } = await scriptedAnalysis(input, { ...options, mode: "parallel" });
    settled("b");
    await settle();
    finish([]);
    expect((await follow(run)("run.planned")).filter((what) => what.startsWith("attempt"))).toEqual([]);
    expect((await run).guarantee.level).toBe("trust-graph");
  });
});
