import type { RunEvent, TaskId } from "@sheaf/core";
import { executeWithParallelism } from "@sheaf/engine";
import { FakeClock, scriptedAgent } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import { traceOf } from "./run-trace.ts";
import { collectEvents } from "./show-progress.ts";
import { summary } from "./summary.ts";
import { traceData } from "./trace-summary.ts";
import { traceText } from "./trace-text.ts";

/** b reads the output of a too early, says something, is paid for, and runs again; c depends on a failing d. */
async function eventful() {
  const clock = new FakeClock();
  const agent = scriptedAgent();
  const tasks = [{ id: "a" }, { id: "b" }, { id: "d" }, { id: "c", dependsOn: ["d"] }];
  const run = executeWithParallelism(tasks, agent.run, { env: {}, clock, mode: "parallel" });
  const [a, b, d] = [await agent.next("a"), await agent.next("b"), await agent.next("d")];
  b.ctx.log("a secret plan");
  b.ctx.recordUsage({ model: "m-1", inputTokens: 900, outputTokens: 100, costUsd: 0.5 });
  try {
    b.ctx.inputs.a;
  } catch (error) {
    b.fail(error);
  }
  clock.advance(1_500);
  d.fail(new RangeError("too far"));
  a.succeed({ password: "hunter2" });
  const again = await agent.next("b");
  clock.advance(500);
  again.succeed(new Map([["k", 1]]));
  await run;
  return collectEvents(run);
}

/** b waits for a; c runs beside them for a shorter time, and costs more. All three succeed. */
async function dependent() {
  const clock = new FakeClock();
  const agent = scriptedAgent();
  const tasks = [{ id: "a" }, { id: "b", dependsOn: ["a"] }, { id: "c", dependsOn: [] }];
  const run = executeWithParallelism(tasks, agent.run, { env: {}, clock });
  const end = async (id: string, ms: number, costUsd: number): Promise<void> => {
    const call = await agent.next(id);
    call.ctx.recordUsage({ model: "m", inputTokens: 1, outputTokens: 1, costUsd });
    clock.advance(ms);
    call.succeed();
  };
  await end("c", 1_000, 2);
  await end("a", 1_000, 0.25);
  await end("b", 4_000, 0.5);
  return { report: await run, events: await collectEvents(run) };
}

const plain = { color: false, verbose: false };

describe("the trace of a run", () => {
  it("tells of each task its attempts, conflicts and end, in time since the start", async () => {
    const text = traceText(await eventful(), plain);
    expect(
      text
        .split("\n\n")
        .find((part) => part.startsWith("b "))
        ?.split("\n"),
    ).toEqual([
      "b  committed",
      "   0ms  attempt 1  agent agent, inline; 1 model call, 1,000 tokens",
      "  1.5s  failed     after 1.5s; took the output of a too early",
      "  1.5s  conflict   read output of a, changed by a",
      "  1.5s  attempt 2  agent agent, inline (conflict)",
      "  2.0s  succeeded  after 500ms; output: Map of 1",
      "  2.0s  committed  0 files, 0 bytes",
    ]);
    expect(text).toMatch(/\nd {2}failed\n.*\n {2}1\.5s {2}failed {5}after 1\.5s; RangeError: too far\n/);
    expect(text).toMatch(/\nc {2}skipped\n {2}2\.0s {2}skipped {2}it depends on "d", which failed\n/);
  });

  it("tells of the longest chain what it took and what it cost, as the report does", async () => {
    const { report, events } = await dependent();
    expect(report.timing).toMatchObject({
      ...{ criticalPath: ["a", "b"], criticalPathMs: 6_000 },
      criticalPathCost: { usd: 0.75, calls: 2, inputTokens: 2, partial: false },
    });
    expect(Object.values(report.tasks).map(({ id, isCritical }) => [id, isCritical])).toEqual([
      ["a", true],
      ["b", true],
      ["c", false],
    ]);
    expect(traceText(events, plain)).toMatch(
      /time +6\.0s\n +longest +6\.0s, \$0\.75, a > b\n +cost +\$2\.75/,
    );
    expect(traceData(traceOf(events), events)).toMatchObject({
      measuredPath: { tasks: ["a", "b"], ms: 6_000, cost: { usd: 0.75, calls: 2 } },
    });
    expect(summary(report)).toContain("longest    6.0s, $0.75, a > b\n");
    expect(traceText(await eventful(), plain)).not.toContain("longest");
  });

  it("ends with what the run came to", async () => {
    const text = traceText(await eventful(), plain);
    expect(text).toMatch(/status +partial\n +tasks +2 committed, 1 failed, 1 skipped\n/);
    expect(text).toMatch(/attempts +4, 2 of them did not count\n +conflicts +1 attempt\n/);
    expect(text).toMatch(/cost +\$0\.50 for 1 model call\n/);
  });

  it("never shows the value of an output, and what agents said only when asked", async () => {
    const events = await eventful();
    expect(traceText(events, plain)).not.toMatch(/hunter2|secret/);
    expect(traceText(events, plain)).toContain("output: object with 1 key: password");
    const all = traceText(events, { ...plain, verbose: true });
    expect(all).toContain("log         a secret plan");
    expect(all).toContain("model call  m-1: 900 in, 100 out, $0.50");
    expect(all).not.toContain("hunter2");
  });

  it("tells what was mended in the answers of a model", async () => {
    const [started, ...rest] = await eventful();
    const repaired = { type: "analysis.repaired", kind: "later", count: 3 } as const;
    const { seq, at, runId } = started!;
    expect(traceText([started!, { ...repaired, seq, at, runId }, ...rest], plain)).toMatch(
      /\n +0ms {2}mended +3 of needs of later tasks, left out\n/,
    );
  });

  it("says of a run without an end that it has none", async () => {
    const events = await eventful();
    const cut = events.slice(
      0,
      events.findIndex(({ type }) => type === "attempt.finished"),
    );
    expect(traceText(cut, plain)).toMatch(/status +not finished: it still runs, or it was killed/);
    expect(traceText(cut, plain)).toContain("b  running");
    expect(traceText([], plain)).toContain("The journal does not tell how the run began.");
  });

  it("says of which attempts nobody counted the calls", async () => {
    const events = await eventful();
    const named = events.map(
      (event): RunEvent =>
        event.type === "attempt.started" && event.taskId === "a" ? { ...event, unmetered: true } : event,
    );
    const { seq, at, runId } = events[0]!;
    const b1 = { taskId: "b" as TaskId, attempt: 1 };
    const all: readonly RunEvent[] = [...named, { type: "attempt.unmetered", seq, at, runId, ...b1 }];
    const text = traceText(all, plain);
    expect(text.match(/.*unmetered.*/g)).toEqual([
      "   0ms  attempt 1  agent agent, inline, unmetered",
      "   0ms  attempt 1  agent agent, inline, unmetered; 1 model call, 1,000 tokens",
      expect.stringContaining("2 unmetered attempts"),
    ]);
    const { tasks } = traceData(traceOf(all), all) as { tasks: { attempts: { unmetered: boolean }[] }[] };
    expect(tasks.map(({ attempts }) => attempts.map(({ unmetered }) => unmetered))).toEqual([
      ...[[true], [true, false], [false], []],
    ]);
  });

  it("is also to be had as data", async () => {
    const events = await eventful();
    expect(traceData(traceOf(events), events)).toMatchObject({
      status: "partial",
      tasks: [
        { id: "a", phase: "committed" },
        {
          id: "b",
          attempts: [
            { conflicts: [{ what: "output of a", with: "a" }] },
            { startedMs: 1_500, endedMs: 2_000 },
          ],
        },
        { id: "d", phase: "failed", attempts: [{ failure: { error: { name: "RangeError" } } }] },
        { id: "c", phase: "skipped", because: { reason: "dependency", taskId: "d" } },
      ],
    });
  });
});
