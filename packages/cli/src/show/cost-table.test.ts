import type { UsageRecord } from "@sheaf/core";
import { executeWithParallelism, type RunReport } from "@sheaf/engine";
import { describe, expect, it } from "vitest";
import { costTable } from "./cost-table.ts";
import { costText, usdText } from "./cost-text.ts";

/** A report whose tasks made these model calls. */
async function billed(calls: Readonly<Record<string, readonly UsageRecord[]>>): Promise<RunReport> {
  const tasks = Object.keys(calls).map((id) => ({ id, dependsOn: [] }));
  return executeWithParallelism(
    tasks,
    (task, ctx) => {
      for (const usage of calls[task.id]!) ctx.recordUsage(usage);
    },
    { env: {} },
  );
}

const call = (costUsd?: number): UsageRecord => ({
  ...{ model: "m", inputTokens: 1_000, outputTokens: 50 },
  ...(costUsd === undefined ? {} : { costUsd }),
});

describe("costTable", () => {
  it("shows each task, the most expensive first, the classes, and a total that is their sum", async () => {
    const report = await billed({ a: [call(0.01)], b: [call(0.1), call(0.2)], c: [] });
    expect(costTable(report).split("\n")).toEqual([
      "         cost  calls  input  output",
      "b       $0.30      2  2,000     100",
      "a       $0.01      1  1,000      50",
      "",
      "useful  $0.31      3  3,000     150",
      "",
      "total   $0.31      3  3,000     150",
    ]);
  });

  it("shows what the tasks of the critical path cost, where some wait for others", async () => {
    const tasks = [{ id: "a" }, { id: "b", dependsOn: ["a"] }, { id: "c", dependsOn: [] }];
    const report = await executeWithParallelism(
      tasks,
      (task, ctx) => {
        ctx.recordUsage(call(task.id === "c" ? 1 : 0.25));
      },
      { env: {}, clock: { now: () => 0, after: () => () => {} } },
    );
    expect(report.timing.criticalPath).toEqual(["a", "b"]);
    expect(costTable(report)).toMatch(/^total +\$1\.50 +3 .*\ncritical path +\$0\.50 +2 /m);
  });

  it("calls an unknown amount unknown, and what is partly known at least so much", async () => {
    const table = costTable(await billed({ a: [call()], b: [call(0.1), call()] }));
    expect(table).toMatch(/^a +unknown +1/m);
    expect(table).toMatch(/^b +at least \$0\.10 +2/m);
    expect(table).toMatch(/^total +at least \$0\.10 +3/m);
  });

  it("sums the cheaper ones of many tasks up in one line, exactly", async () => {
    const ids = Array.from({ length: 18 }, (_, i) => [`t${i}`, [call(0.1)]] as const);
    const table = costTable(await billed(Object.fromEntries(ids)));
    expect(table).toMatch(/^3 more tasks +\$0\.30 +3/m);
    expect(table).toMatch(/^total +\$1\.80/m);
  });

  it("says so when there is no bill", async () => {
    expect(costTable(await billed({ a: [] }))).toBe("No model calls were recorded.");
  });
});

const textOf = (cost: Partial<Parameters<typeof costText>[0]>): string =>
  costText({
    totalUsd: 0,
    calls: 0,
    unpricedCalls: 0,
    estimatedCalls: 0,
    unmetered: 0,
    openCalls: 0,
    ...cost,
  });

describe("costText", () => {
  it("never takes unknown for nothing", () => {
    expect(textOf({ totalUsd: 0, calls: 0, unpricedCalls: 0, unmetered: 0 })).toBe(
      "no model calls were recorded",
    );
    expect(textOf({ totalUsd: null, calls: 1, unpricedCalls: 1, unmetered: 0 })).toBe(
      "unknown: no price is known for the one model call",
    );
    expect(textOf({ totalUsd: null, calls: 3, unpricedCalls: 3, unmetered: 0 })).toBe(
      "unknown: no price is known for any of the 3 model calls",
    );
    expect(textOf({ totalUsd: 0.5, calls: 3, unpricedCalls: 1, unmetered: 0 })).toBe(
      "at least $0.50: no price is known for 1 of 3 model calls",
    );
    expect(textOf({ totalUsd: 0.5, calls: 1, unpricedCalls: 0, unmetered: 0 })).toBe(
      "$0.50 for 1 model call",
    );
    expect(usdText(null)).toBe("unknown");
  });

  it("says what is estimated", () => {
    expect(textOf({ totalUsd: 0.5, calls: 3, estimatedCalls: 2 })).toBe(
      "$0.50 for 3 model calls, 2 of them estimated",
    );
  });

  it("says what nobody counted", () => {
    expect(textOf({ totalUsd: 0.5, calls: 2, openCalls: 1 })).toBe(
      "at least $0.50: what became of 1 call is not told",
    );
    expect(textOf({ totalUsd: null, calls: 0, unpricedCalls: 0, unmetered: 1 })).toBe(
      "unknown: nobody counted the calls of 1 unmetered attempt",
    );
    expect(textOf({ totalUsd: 0.5, calls: 2, unpricedCalls: 1, unmetered: 2 })).toBe(
      "at least $0.50: no price is known for 1 of 2 model calls, and nobody counted the calls of 2 unmetered attempts",
    );
  });
});
