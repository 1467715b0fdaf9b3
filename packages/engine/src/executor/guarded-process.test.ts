import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AttemptPort, type AttemptRequest, runId, systemClock, taskId, type Work } from "@sheaf/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createExecutors } from "./executors.ts";
import { type GuardedProcess, startCommand } from "./guarded-process.ts";
import { inspectAgents } from "./inspect-agents.ts";

/** One variable of more than 128 KiB: Linux starts no program in such an environment (E2BIG). */
const TOO_LARGE = "x".repeat(256 * 1024);

const silent: AttemptPort = {
  progress: () => {},
  log: () => {},
  heartbeat: () => {},
  usage: () => {},
  modelLoaded: () => {},
  pastGateway: () => {},
  read: async () => false,
  budget: async () => [],
};

const request = (folder: string, work: Work): AttemptRequest => ({
  ...{ runId: runId("run-1"), task: { id: taskId("task-1") }, attempt: 1, lease: "lease-1", work },
  place: { view: folder, beside: folder },
  inputs: { isBefore: () => false, before: () => [], output: () => undefined, likely: [], folder },
  ...{ memoryLimitMiB: 64, shim: null, env: {} },
  callRoute: () => Promise.reject(new Error("no gateway")),
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sheaf-guard-"));
});
afterEach(() => {
  delete process.env.SHEAF_TEST_TOO_LARGE;
  rmSync(folder, { recursive: true, force: true });
});

const start = (command: string, options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): GuardedProcess =>
  startCommand(command, { cwd: undefined, env: process.env, clock: systemClock, enter: [], ...options });

test("a child's end is told with its code or its signal", async () => {
  expect(await start("exit 7").over).toEqual({ code: 7, signal: null, error: null, escaped: false });
  const sleeper = start("sleep 60");
  sleeper.child?.kill("SIGKILL");
  expect(await sleeper.over).toMatchObject({ code: null, signal: "SIGKILL" });
});

test("what left the group with the child's output in its hand is not waited for", async () => {
  // Field 6 is the session: until it has one of its own it would be ended with the group.
  const own = "until [ \"$(cut -d' ' -f6 /proc/$!/stat)\" = $! ]; do :; done";
  const { child, over } = start(`setsid sleep 60 & ${own}; echo $!`);
  let pid = "";
  child?.stdout?.on("data", (chunk) => {
    pid += chunk;
  });
  expect(await over).toMatchObject({ code: 0, escaped: true });
  process.kill(Number(pid));
});

test("a failure to start that is told later ends the child", async () => {
  const { over } = start("true", { cwd: join(folder, "absent") });
  expect((await over).error).toMatchObject({ code: "ENOENT" });
});

test("a failure to start that is thrown ends the child", async () => {
  const { child, over } = start("true", { env: { TOO_LARGE } });
  expect(child).toBeNull();
  expect((await over).error).toMatchObject({ code: "E2BIG" });
});

test("attempts whose worker cannot be started end and say why", async () => {
  process.env.SHEAF_TEST_TOO_LARGE = TOO_LARGE;
  const executors = createExecutors({
    nodeArgs: [],
    enter: [],
    env: process.env,
    ...{ clock: systemClock, threads: 1, memoryLimitMiB: 64 },
    logFile: () => join(folder, "workers.log"),
  });
  const module: Work = { kind: "module", module: "file:///agents.mjs", exportName: "x", agentName: null };
  for (const kind of ["thread", "process"] as const) {
    const end = await executors.get(kind).start(request(folder, module), silent).ended;
    expect(end.status === "lost" ? end.how : end.status).toMatch(/could not be started .*E2BIG/);
  }
  const command = executors
    .get("process")
    .start(request(folder, { kind: "command", command: "true" }), silent);
  expect(await command.ended).toMatchObject({ status: "failed", kind: "command", error: { code: "E2BIG" } });
  await executors.dispose();
});

test("agents that cannot be asked what they need tell nothing", async () => {
  process.env.SHEAF_TEST_TOO_LARGE = TOO_LARGE;
  const work = { kind: "module", module: "file:///agents.mjs", exportName: "x", agentName: null } as const;
  expect(await inspectAgents([work], { clock: systemClock, env: process.env, signal: undefined })).toEqual([
    null,
  ]);
});
