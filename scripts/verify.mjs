// Everything a contribution must pass, one after another; all checks run even when one fails.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, call, module, node24, root, say } from "./bootstrap.mjs";

const results = join(root, ".cache", "results");
const node = (file, ...args) => call(process.execPath, [file, ...args], { quiet: true });

/** Runs the tests under one Node and returns how many passed and failed. */
function tests(program, label, env = {}) {
  const file = join(results, `${label}.json`);
  mkdirSync(results, { recursive: true });
  rmSync(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const status = call(program, [module("vitest", "vitest.mjs"), "run", ...reporters], {
    env: { NO_COLOR: "1", ...env },
    quiet: true,
  });
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const { numPassedTests: passed, numFailedTests } = JSON.parse(readFileSync(file, "utf8"));
  // Errors outside of tests (an unhandled rejection) fail the run although no test failed.
  return { passed, failed: status !== 0 && numFailedTests === 0 ? 1 : numFailedTests };
}

const one = (run) => () => (run() === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

export const CHECKS = {
  "tests on this Node": () => tests(process.execPath, "node"),
  "tests on Node 24": () => tests(node24(), "node24", { TEST_AGAIN: "1" }),
  "format and lint": one(() =>
    node(module("@biomejs", "biome", "bin", "biome"), "check", "--error-on-warnings", "."),
  ),
  "types, tests included": one(() => node(module("typescript", "bin", "tsc"), "-p", "tsconfig.check.json")),
  "package boundaries": one(() =>
    node(
      module("dependency-cruiser", "bin", "dependency-cruise.mjs"),
      "--config",
      ".dependency-cruiser.cjs",
      "packages",
    ),
  ),
  "unused code": one(() => node(module("knip", "bin", "knip.js"))),
};

/** Runs the named checks, prints `N passed, N failed` as the last line, returns the exit code. */
export function runChecks(checks) {
  const failures = [];
  let passed = 0;
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    say(`\n== ${name}`);
    const result = check();
    passed += result.passed;
    failed += result.failed;
    if (result.failed > 0) failures.push(name);
  }
  if (failures.length > 0) say(`\nNot good yet: ${failures.join("; ")}. The reasons stand above.`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

export function verify() {
  build();
  return runChecks(CHECKS);
}

/** The longer proofs: the same property tests with more cases, seeds printed. `--seed N` repeats one. */
export function verifyDeep(args) {
  const seed = args.includes("--seed") ? args[args.indexOf("--seed") + 1] : String(Date.now() % 2 ** 31);
  say(`Seed ${seed}; run again with: npm run verify:deep -- --seed ${seed}`);
  return runChecks({
    "tests with many more cases": () => tests(process.execPath, "deep", { TEST_DEEP: "1", TEST_SEED: seed }),
  });
}
