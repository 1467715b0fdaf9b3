// What an attempt takes from the machine includes what it starts.
import { fileURLToPath } from "node:url";
import { executeWithParallelism } from "sheaf";
import { expect, test } from "vitest";

const AGENT = fileURLToPath(new URL("./fixtures/starting-agent.mjs", import.meta.url));

test.skipIf(process.platform !== "linux")("an attempt answers for what it has started", async () => {
  // 120 MB for a moment, in a program that goes on for longer than it takes until somebody looks.
  const program = "Buffer.alloc(12e7, 1); gc(); setTimeout(() => {}, 600)";
  const run = `${process.execPath} --expose-gc -e '${program}'; :`;
  const report = await executeWithParallelism({
    tasks: [
      { id: "command", dependsOn: [], run },
      { id: "agent", dependsOn: [], agent: "starter", input: run },
    ],
    agents: { starter: { module: AGENT, export: "starter" } },
  });
  report.unwrap();
  for (const id of ["command", "agent"]) {
    const { peakMemoryMiB, cpuMs, latencyMs, queueMs } = report.tasks[id]!.resources!;
    expect(peakMemoryMiB, id).toBeGreaterThan(120);
    expect(latencyMs, id).toBeGreaterThan(600);
    expect(cpuMs, id).toBeGreaterThan(50);
    expect(queueMs, id).toBeGreaterThanOrEqual(0);
  }
  // The agent's own work is next to nothing.
  expect(report.tasks.agent!.output).toBeLessThan(50);
});
