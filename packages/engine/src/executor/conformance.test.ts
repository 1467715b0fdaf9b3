import { join } from "node:path";
import { systemClock } from "@sheaf/core";
import { executorConformance, tempDir } from "@sheaf/testkit";
import { afterAll } from "vitest";
import { createExecutors } from "./executors.ts";

const logs = tempDir();
let logFiles = 0;
afterAll(() => logs[Symbol.dispose]());

const create = (kind: "inline" | "thread" | "process") => () =>
  createExecutors({
    nodeArgs: [],
    enter: [],
    env: process.env,
    clock: systemClock,
    threads: 3,
    memoryLimitMiB: 64,
    logFile: () => join(logs.path, `workers-${logFiles++}.log`),
  }).get(kind);

// What each executor can do. The suite holds it to its row.
const TABLE = {
  inline: {
    ...{ closures: true, commands: false, ownCwd: false },
    ...{ stopsBusyLoop: false, survivesCrash: false, limitsMemory: false },
  },
  thread: {
    ...{ closures: false, commands: false, ownCwd: false },
    ...{ stopsBusyLoop: true, survivesCrash: true, limitsMemory: false },
  },
  process: {
    ...{ closures: false, commands: true, ownCwd: true },
    ...{ stopsBusyLoop: true, survivesCrash: true, limitsMemory: true },
  },
} as const;

for (const kind of ["inline", "thread", "process"] as const) {
  executorConformance({ name: kind, abilities: TABLE[kind], create: create(kind) });
}
