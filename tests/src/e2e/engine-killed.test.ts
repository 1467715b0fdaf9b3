// The engine is killed without warning: nothing that it started goes on.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const cli = fileURLToPath(new URL("../../../packages/cli/bin/sheaf.js", import.meta.url));
const agentEntry = fileURLToPath(new URL("../../../packages/cli/dist/agent.js", import.meta.url));

const PATIENCE = { timeout: 20_000, interval: 50 };

let place: TempDir;
beforeEach(() => {
  place = tempDir();
});
afterEach(() => place[Symbol.dispose]());

const at = (name: string): string => join(place.path, name);
const pidIn = (name: string): number => Number(readFileSync(at(name), "utf8"));

function isAlive(pid: number): boolean {
  try {
    // A process that nobody has collected yet is dead all the same.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test.skipIf(process.platform !== "linux")("commands, threads and processes end with it", async () => {
  writeFileSync(
    at("agents.mjs"),
    `import { writeFileSync } from "node:fs";
     import { defineAgent } from ${JSON.stringify(agentEntry)};
     const busy = (task) => { writeFileSync(task.input, String(process.pid)); for (;;); };
     export const thread = defineAgent({ name: "thread", run: busy }, import.meta.url);
     export const own = defineAgent({ name: "own", needs: { executor: "process" }, run: busy }, import.meta.url);`,
  );
  writeFileSync(
    at("plan.yaml"),
    `tasks:
  - { id: shell, reads: [], writes: [], run: 'echo $$ > ${at("shell.pid")}; sleep 1000 & wait' }
  - { id: thread, reads: [], writes: [], agent: thread, input: '${at("thread.pid")}' }
  - { id: own, reads: [], writes: [], agent: own, input: '${at("own.pid")}' }
agents:
  thread: ./agents.mjs#thread
  own: ./agents.mjs#own
`,
  );
  const engine = spawn(process.execPath, [cli, "run", at("plan.yaml"), "--workers", "3"], {
    cwd: place.path,
    stdio: "ignore",
  });
  const files = ["shell.pid", "thread.pid", "own.pid"];
  await vi.waitFor(
    () => expect(files.every((name) => existsSync(at(name)) && pidIn(name) > 0)).toBe(true),
    PATIENCE,
  );
  engine.kill("SIGKILL");
  await vi.waitFor(() => expect(files.filter((name) => isAlive(pidIn(name)))).toEqual([]), PATIENCE);
});
