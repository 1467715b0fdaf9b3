import type { TaskId } from "@sheaf/core";
import { executeWithParallelism, type RunReport } from "@sheaf/engine";
import { FakeClock, scriptedAgent } from "@sheaf/testkit";
import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { drawGantt, ganttChart } from "./gantt-chart.ts";
import type { GanttRow } from "./gantt-rows.ts";
import { collectEvents } from "./show-progress.ts";

/** a takes 6 s; b fails once after 2 s and then takes 4 s beside a; c follows a with 4 s. */
async function ranWithRetry() {
  const clock = new FakeClock();
  const agent = scriptedAgent();
  const tasks = [{ id: "a" }, { id: "b", retries: 1 }, { id: "c", dependsOn: ["a"] }];
  const options = { env: {}, clock, mode: "parallel", retryDelayMs: 0, maxWorkers: 2 } as const;
  const run = executeWithParallelism(tasks, agent.run, options);
  const [a, first] = [await agent.next("a"), await agent.next("b")];
  clock.advance(2_000);
  first.fail(new Error("once"));
  await untilEvent(run, "task.retrying");
  clock.advance(0);
  const second = await agent.next("b");
  clock.advance(4_000);
  second.succeed();
  a.succeed();
  const c = await agent.next("c");
  clock.advance(4_000);
  c.succeed();
  return { report: (await run) as RunReport, events: await collectEvents(run) };
}

async function untilEvent(run: AsyncIterable<{ readonly type: string }>, type: string): Promise<void> {
  for await (const event of run) if (event.type === type) return;
}

describe("ganttChart", () => {
  it("shows each attempt where and as long as it ran, and marks the critical path", async () => {
    const { report, events } = await ranWithRetry();
    expect(ganttChart(report, { width: 34, events }).split("\n")).toEqual([
      "* a     ████████████          6.0s",
      "  b     ▒▒▒▒████████          4.0s",
      "* c                 ████████  4.0s",
      "        0         5s",
      "  * critical path   ▒ did not count",
    ]);
  });

  it("knows from a report alone the attempts that counted", async () => {
    const { report } = await ranWithRetry();
    expect(ganttChart(report, { width: 34 }).split("\n")[1]).toMatch(
      /^ {2}b {5} {4}[█·]{8}|^ {2}b {5}·{4}█{8}/,
    );
  });

  it("draws the wait of a task that was ready and had no place to run", async () => {
    const clock = new FakeClock();
    const agent = scriptedAgent();
    const run = executeWithParallelism(
      [
        { id: "a", dependsOn: [] },
        { id: "b", dependsOn: [] },
      ],
      agent.run,
      {
        env: {},
        clock,
        maxWorkers: 1,
      },
    );
    for (const id of ["a", "b"]) {
      const call = await agent.next(id);
      clock.advance(1_000);
      call.succeed();
    }
    const chart = ganttChart(await run, { width: 34 });
    expect(chart).toContain("b     ··········██████████  1.0s");
    expect(chart).toContain("· waited");
  });
});

it("of a run that was cut short marks no critical path", async () => {
  const clock = new FakeClock();
  const agent = scriptedAgent();
  const tasks = [{ id: "a" }, { id: "b", dependsOn: ["a"] }];
  const run = executeWithParallelism(tasks, agent.run, { env: {}, clock });
  const call = await agent.next("a");
  clock.advance(1_000);
  call.succeed();
  await agent.next("b");
  run.cancel();
  expect(ganttChart(await run)).not.toMatch(/\*/);
});

describe("drawGantt", () => {
  const row = (i: number, critical: boolean): GanttRow => ({
    id: `task-${i}` as TaskId,
    critical,
    spans: [{ kind: "counted", fromMs: i, toMs: i + 10 + i }],
    durationMs: 10 + i,
  });

  it("shows of many tasks the critical path and the longest, and counts the others", () => {
    const chart = drawGantt(
      Array.from({ length: 100 }, (_, i) => row(i, i < 5)),
      300,
      {},
    );
    const shown = chart.match(/task-\d+/g)!;
    expect(shown).toEqual(
      [...[0, 1, 2, 3, 4], ...Array.from({ length: 35 }, (_, i) => 65 + i)].map((i) => `task-${i}`),
    );
    expect(chart).toContain("and 60 shorter tasks");
  });

  it("gives even the shortest attempt a column", () => {
    expect(
      drawGantt([{ ...row(0, false), spans: [{ kind: "counted", fromMs: 5, toMs: 6 }] }], 100_000, {}),
    ).toContain("█");
  });

  it("fits the width, whatever ran when", () => {
    const span = fc.record({
      kind: fc.constantFrom("wait", "lost", "counted" as const),
      fromMs: fc.nat(10_000),
      toMs: fc.nat(20_000),
    });
    const rows = fc.array(
      fc.record({
        id: fc.string({ minLength: 1, maxLength: 40 }) as fc.Arbitrary<TaskId>,
        critical: fc.boolean(),
        spans: fc.array(span, { maxLength: 4 }),
        durationMs: fc.option(fc.nat(1e7)),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(rows, fc.integer({ min: 60, max: 200 }), fc.nat(1e8), (given, width, wallMs) => {
        for (const line of drawGantt(given, wallMs, { width }).split("\n")) {
          expect(stringWidth(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });
});
