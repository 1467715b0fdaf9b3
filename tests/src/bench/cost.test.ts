import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { costOf } from "../../../bench/src/measure/cost.ts";
import { endedChildrenCpuMs } from "../../../bench/src/measure/ended-children-cpu.ts";

function burn(ms: number): void {
  const { user, system } = process.cpuUsage();
  const end = user + system + ms * 1_000;
  for (let now = 0; now < end; ) {
    const used = process.cpuUsage();
    now = used.user + used.system;
  }
}

describe("cost", () => {
  test("holds the processor time of the work itself", async () => {
    const { cpuMs, wallMs } = await costOf(() => burn(30));
    expect(cpuMs).toBeGreaterThanOrEqual(30);
    expect(wallMs).toBeGreaterThan(0);
  });

  test.skipIf(endedChildrenCpuMs() === null)("holds that of children that end meanwhile", async () => {
    const program =
      "const end = Date.now() + 10_000; while (process.cpuUsage().user < 150_000 && Date.now() < end);";
    const { cpuMs } = await costOf(() => spawnSync(process.execPath, ["-e", program]));
    expect(cpuMs).toBeGreaterThanOrEqual(140);
  });
});
