// The GPU memory of attempts, as a scripted nvidia-smi tells it: rows of `gpu_uuid, pid, used_gpu_memory [MiB]`.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { executeWithParallelism, type RunReport, type RunSpec } from "sheaf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const AGENTS = new URL("./fixtures/gpu-agents.mjs", import.meta.url).pathname;

let place: TempDir;
beforeEach(() => {
  place = tempDir();
  mkdirSync(at("bin"));
  vi.stubEnv("PATH", [at("bin"), process.env.PATH].join(delimiter));
  vi.stubEnv("GPU", place.path);
});
afterEach(() => {
  vi.unstubAllEnvs();
  place[Symbol.dispose]();
});

const at = (name: string): string => join(place.path, name);
const lines = (name: string): readonly string[] =>
  existsSync(at(name)) ? readFileSync(at(name), "utf8").split("\n").slice(0, -1) : [];

/** An nvidia-smi that notes how it was started, and then does this. */
function install(script: string): void {
  const text = `#!/bin/sh\necho "$$ $*" >> "$GPU/started"\n${script}\n`;
  writeFileSync(at("bin/nvidia-smi"), text, { mode: 0o755 });
}

/** Tells what stands in the folder `rows`, again and again, and notes each time. */
const SAMPLES = 'while :; do cat "$GPU"/rows/* 2> /dev/null; echo >> "$GPU/rounds"; sleep 0.02; done';
/** Waits until a row has been told twice from now on. */
const SEEN =
  'n=$(wc -l < "$GPU/rounds"); until [ "$(wc -l < "$GPU/rounds")" -ge $((n + 3)) ]; do sleep 0.02; done';
const BEGUN = 'mkdir -p "$GPU/rows"; until [ -s "$GPU/rounds" ]; do sleep 0.02; done';

const samplers = (): readonly number[] => lines("started").map((line) => Number(line.split(" ")[0]));
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/stat`);

async function run(tasks: RunSpec["tasks"]): Promise<RunReport> {
  const agents = { gpu: { module: AGENTS, export: "gpu" }, idle: { module: AGENTS, export: "idle" } };
  const report = await executeWithParallelism({ tasks, agents }, undefined, { useLlmDeps: false });
  report.unwrap();
  return report;
}

const peaks = ({ tasks }: RunReport): Record<string, number | null> =>
  Object.fromEntries(Object.values(tasks).map(({ id, resources }) => [id, resources!.vramPeakMiB]));

const EMPTY = { dependsOn: [] };

test.skipIf(process.platform !== "linux")("is that of its process and all that it has started", async () => {
  install(SAMPLES);
  const row = (name: string, pid: string, mib: string): string =>
    `echo "GPU-1f, ${pid}, ${mib}" > "$GPU/rows/${name}"`;
  const inner = `${row("inner", "$$", "300")}; ${SEEN}`;
  const report = await run([
    {
      id: "own",
      ...EMPTY,
      run: `${BEGUN}; ${row("own", "$$", "512")}; ${SEEN}; ${row("own", "$$", "40")}; ${SEEN}`,
    },
    { id: "child", ...EMPTY, run: `${BEGUN}; sh -c '${inner}; :'; :` },
    { id: "agent", ...EMPTY, agent: "gpu" },
    { id: "none", ...EMPTY, run: `${BEGUN}; ${row("none", "$$", "[N/A]")}; ${SEEN}` },
  ]);
  // The agent uses 100 and 200 MiB of two GPUs, and tells of 250 itself.
  expect(peaks(report)).toEqual({ own: 512, child: 300, agent: 300, none: null });
  expect(report.cost.resources.total.vramPeakMiB).toBe(512);
  expect(report.cost.resources.byTask.own!.normalizedCost).toBeGreaterThan(5.12);
  expect(lines("started").map((line) => line.replace(/^\d+ /, ""))).toEqual([
    "--query-compute-apps=gpu_uuid,pid,used_gpu_memory --format=csv,noheader,nounits --loop-ms=500",
  ]);
  expect(samplers().filter(isAlive)).toEqual([]);
});

test("one nvidia-smi is for all runs of a process, and is only started for attempts in processes", async () => {
  install(SAMPLES);
  await run([{ id: "thread", agent: "idle" }]);
  expect(lines("started")).toEqual([]);
  const wait = {
    id: "a",
    run: 'touch "$GPU/$$.here"; until [ $(ls "$GPU" | grep -c here) = 2 ]; do sleep 0.02; done',
  };
  await Promise.all([run([wait]), run([wait])]);
  expect(samplers()).toHaveLength(1);
  expect(samplers().filter(isAlive)).toEqual([]);
});

test.each([
  ["is not there", null],
  ["ends at once", "echo 'NVIDIA-SMI has failed because it could not talk to the driver.'; exit 9"],
  [
    "says what nobody understands",
    "head -c 300000 /dev/urandom; printf ', 1, 2\\nGPU-1, -3, x\\n,,,\\n\\0'; sleep 100",
  ],
  ["says nothing, and does not listen", "trap '' TERM INT HUP PIPE; exec >&-; while :; do sleep 1; done"],
  ["cannot be started", ""],
])("an nvidia-smi that %s harms nobody", async (_, script) => {
  if (script !== null) install(script);
  if (script === "") writeFileSync(at("bin/nvidia-smi"), "#!/not/there\n", { mode: 0o755 });
  const report = await run([{ id: "a", run: script === null ? "true" : "sleep 0.1" }]);
  expect(peaks(report)).toEqual({ a: null });
  expect(samplers().filter(isAlive)).toEqual([]);
});

test("it ends with an engine that is killed, though it has nothing to say", async () => {
  install("while :; do sleep 0.1; done");
  const program = `import { executeWithParallelism } from "sheaf";
    await executeWithParallelism([{ id: "a", run: "sleep 100" }]);`;
  const engine = spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
  });
  const within = { timeout: 20_000, interval: 20 };
  await vi.waitFor(() => expect(samplers()).toHaveLength(1), within);
  engine.kill("SIGKILL");
  await vi.waitFor(() => expect(samplers().filter(isAlive)).toEqual([]), within);
});
