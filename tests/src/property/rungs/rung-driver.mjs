// Runs cases as a user and prints a line for each: `node rung-driver.mjs UID PLACE`, the cases in JSON on stdin. Started
// by root for another user it gives its rights up first, when all modules are loaded.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism } from "../../../../packages/engine/dist/index.js";

const [uid, place] = process.argv.slice(2);
const { staging, agent, cases } = JSON.parse(readFileSync(0, "utf8"));
// Load what is loaded on demand while the checkout can still be read.
await executeWithParallelism([{ id: "warm", run: "true" }], undefined, { env: {} });
if (process.getuid() === 0 && uid !== "0") {
  process.setgroups([]);
  process.setgid(Number(uid));
  process.setuid(Number(uid));
}
process.umask(0o022);
// What is made once for a user belongs to this one.
process.env.HOME = place;
process.env.XDG_CACHE_HOME = join(place, "cache");
mkdirSync(process.env.XDG_CACHE_HOME, { recursive: true });
const steps = { module: agent, export: "run" };

for (const { dir, tasks, maxWorkers } of cases) {
  const run = executeWithParallelism({ dir, tasks, agents: { steps } }, undefined, {
    ...{ staging, maxWorkers, mode: "parallel", wasteShare: 1, executor: "process", trackSubprocesses: true },
    ...{
      autoDetectDeps: false,
      useLlmDeps: false,
      validate: true,
      env: {},
      retain: "none",
      minFreeDiskMb: 0,
    },
  });
  const fallbacks = [];
  for await (const event of run) {
    if (event.type === "run.fallback" && event.part === "tracking") fallbacks.push(event.reason);
  }
  const { order, guarantee, workdir, tasks: ended } = await run;
  const line = { order, rung: workdir.rung, level: guarantee.level, fallbacks, tasks: ended };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
