import { type AttemptEnd, taskId } from "@sheaf/core";
import { expect, test } from "vitest";
import { readEnd, recordOf } from "./attempt-record.ts";

const task = { id: taskId("a") };
const measured = { latencyMs: 1, cpuMs: null, peakMemoryMiB: null };
const lost = (together: boolean): AttemptEnd => ({
  ...{
    status: "lost",
    how: "it died",
    outOfMemory: false,
    together,
    measured,
    taken: [],
    quiet: true,
    observed: null,
  },
});
const parts = {
  ...{ attempt: 1, taken: [], effects: null, latencyMs: 1, queueMs: 0 },
  reported: { vramPeakMiB: null, modelLoads: 0 },
};

test("the record of a lost attempt says whether others were lost with it", () => {
  for (const together of [true, false]) {
    expect(recordOf(readEnd(task, lost(together), null), parts)).toMatchObject({ status: "lost", together });
  }
});

test("the engine's own reason for ending an attempt comes before the loss of its worker", () => {
  const cause = { kind: "timeout", timeoutMs: 5 } as const;
  expect(readEnd(task, lost(true), cause)).toMatchObject({ status: "failed", together: false });
});
