// CI: `npm test` as the README says it, then the other checks of `npm run verify`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { call, root, say } from "./bootstrap.mjs";

const results = join(root, ".cache", "results", "node.json");
say("== npm test");
const status = call(
  "npm",
  ["test", "--", "--reporter=default", "--reporter=json", `--outputFile.json=${results}`],
  { quiet: true },
);
let first = { passed: 0, failed: 1 };
try {
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(results, "utf8"));
  first = { passed, failed: status !== 0 && failed === 0 ? 1 : failed };
} catch (error) {
  say(`npm test left no results: ${error.message}`);
}
const { CHECKS, runChecks } = await import("./verify.mjs");
const { "tests on this Node": _done, ...others } = CHECKS;
process.exit(runChecks({ "npm test (above)": () => first, ...others }));
