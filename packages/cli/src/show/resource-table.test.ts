import { executeWithParallelism } from "@sheaf/engine";
import type { ResourceLine } from "@sheaf/ledger";
import { describe, expect, it } from "vitest";
import { resourceTable } from "./resource-table.ts";

const line = (known: Partial<ResourceLine>): ResourceLine => ({
  ...{ attempts: 1, latencyMs: 0, queueMs: 0, cpuMs: null, peakMemoryMiB: null },
  ...{ vramPeakMiB: null, modelLoads: 0, normalizedCost: 0 },
  ...known,
});

async function tableOf(
  byTask: Readonly<Record<string, ResourceLine>>,
  total: ResourceLine,
): Promise<string[]> {
  const report = await executeWithParallelism([{ id: "a" }], () => 1, { env: {} });
  const resources = { ...report.cost.resources, byTask, total };
  return resourceTable({ cost: { ...report.cost, resources } }).split("\n");
}

describe("resourceTable", () => {
  it("shows the longest task first, a dash for what could not be measured, and the total", async () => {
    const byTask = {
      short: line({ latencyMs: 40 }),
      long: line({ attempts: 2, latencyMs: 2_500, queueMs: 30, cpuMs: 1_200, peakMemoryMiB: 1_034.6 }),
    };
    const total = line({ attempts: 3, latencyMs: 2_540, queueMs: 30, cpuMs: 1_200, peakMemoryMiB: 1_034.6 });
    expect(await tableOf(byTask, total)).toEqual([
      "       attempts  time  queued   CPU     memory",
      "long          2  2.5s    30ms  1.2s  1,035 MiB",
      "short         1  40ms     0ms     -          -",
      "",
      "total         3  2.5s    30ms  1.2s  1,035 MiB",
    ]);
  });

  it("shows GPU memory where some was measured", async () => {
    const gpu = line({ vramPeakMiB: 512 });
    const [heading, first, second] = await tableOf({ gpu, plain: line({}) }, gpu);
    expect(heading).toMatch(/GPU memory$/);
    expect(first).toMatch(/512 MiB$/);
    expect(second).toMatch(/-$/);
  });

  it("names how many of many tasks have no line", async () => {
    const byTask = Object.fromEntries(
      Array.from({ length: 17 }, (_, i) => [`t${i}`, line({ latencyMs: i })]),
    );
    const table = await tableOf(byTask, line({ attempts: 17 }));
    expect(table[16]).toBe("and 2 tasks more");
    expect(table.length).toBe(19);
  });

  it("says so when nothing ran", async () => {
    expect(await tableOf({}, line({ attempts: 0 }))).toEqual(["No task was started."]);
  });
});
