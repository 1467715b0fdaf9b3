#!/usr/bin/env node
// The project's commands: sets up what is missing, then does the step. See CONTRIBUTING.md.
import { join } from "node:path";
import { bootstrap, build, call, module, node24, root, say } from "./bootstrap.mjs";
import { verify, verifyDeep } from "./verify.mjs";

const [step = "start", ...rest] = process.argv.slice(2);
const node = (file, ...args) => call(process.execPath, [file, ...args]);

const STEPS = {
  start: () => node(join(root, "examples", "audit", "dist", "main.js"), ...rest),
  test: () => node(module("vitest", "vitest.mjs"), "run", ...rest),
  "test:24": () => call(node24(), [module("vitest", "vitest.mjs"), "run", ...rest]),
  build: () => 0,
  verify: () => verify(),
  "verify:deep": () => verifyDeep(rest),
  format: () => node(module("@biomejs", "biome", "bin", "biome"), "check", "--write", "."),
  bench: () => node(join(root, "bench", "dist", "main.js"), ...rest),
  "bench:makespan": () => node(join(root, "bench", "dist", "makespan.js"), ...rest),
  "bench:dependencies": () => node(join(root, "bench", "dist", "dependencies.js"), ...rest),
};

const run = STEPS[step];
if (run === undefined) {
  say(`There is no step "${step}". Steps: ${Object.keys(STEPS).join(", ")}.`);
  process.exit(2);
}
await bootstrap();
build();
process.exit(await run());
