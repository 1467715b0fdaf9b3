// The main example: audits the packages that this checkout has installed, first step by step in one directory, then
// with Sheaf, and compares what the two have left.
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { executeWithParallelism, type RunEvent, type RunReport } from "sheaf";
import { collectEvents, costTable, ganttChart, resourceTable, showProgress, summary } from "sheaf/terminal";
import { auditor } from "./agents.ts";
import { STEPS } from "./steps.ts";
import { tasks } from "./tasks.ts";

const example = dirname(dirname(fileURLToPath(import.meta.url)));
const installed = join(example, "..", "..", "node_modules");
const print = (text = ""): void => void process.stdout.write(`${text}\n`);
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Makes an empty directory whose only input is a link to the installed packages: declared, frozen, never copied. */
function freshDirectory(name: string): string {
  const dir = join(example, "out", name);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  symlinkSync(installed, join(dir, "node_modules"));
  return dir;
}

/** Every file that the steps have left, with its hash. */
function leftIn(dir: string, below = ""): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(join(dir, below)).sort()) {
    if (name === ".sheaf" || name === "node_modules") continue;
    const path = below === "" ? name : `${below}/${name}`;
    if (lstatSync(join(dir, path)).isDirectory())
      for (const [inner, hash] of leftIn(dir, path)) files.set(inner, hash);
    else
      files.set(
        path,
        createHash("sha256")
          .update(readFileSync(join(dir, path)))
          .digest("hex"),
      );
  }
  return files;
}

function runInOrder(dir: string): number {
  const start = performance.now();
  for (const { id } of tasks) {
    const before = performance.now();
    const found = STEPS[id]!(dir);
    print(`  ${id.padEnd(16)} ${seconds(performance.now() - before).padStart(7)}   ${found}`);
  }
  return performance.now() - start;
}

async function runWithSheaf(dir: string): Promise<{ report: RunReport; events: readonly RunEvent[] }> {
  const asksModel = Boolean(process.env.OPENAI_API_KEY || process.env.SHEAF_MODEL_BASE_URL);
  const run = executeWithParallelism({ dir, tasks }, auditor, {
    maxWorkers: Math.min(4, Math.max(2, availableParallelism())),
    ...(asksModel ? { useLlmDeps: "always" as const } : {}),
  });
  await showProgress(run);
  return { report: await run, events: await collectEvents(run) };
}

/** Says where two directories differ; nothing when they are the same. */
function differences(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path));
}

// Whoever pipes this into `head` wants to see the beginning, and no error.
process.stdout.on("error", () => process.exit());

print(
  `Audit of the packages in ${relative(process.cwd(), installed) || installed}: ${tasks.length} steps in a list.`,
);
print("\n1. In order, one after another, in one directory, without Sheaf:\n");
const inOrder = freshDirectory("in-order");
const inOrderMs = runInOrder(inOrder);
print(`\n  ${tasks.length} steps in ${seconds(inOrderMs)}`);

print("\n2. The same list with Sheaf, each step in a directory of its own, committed in list order:\n");
const parallel = freshDirectory("sheaf");
const { report, events } = await runWithSheaf(parallel);
print(ganttChart(report, { events }));
print();
print(summary(report, { events }));
print();
print(resourceTable(report));
print();
print(costTable(report));

const left = leftIn(inOrder);
const different = differences(left, leftIn(parallel));
const all = createHash("sha256")
  .update(JSON.stringify([...left]))
  .digest("hex");
print("\n3. What the two have left:\n");
if (different.length > 0) {
  print(`  DIFFERENT: ${different.join(", ")}`);
  process.exitCode = 1;
} else {
  print(
    `  Both directories hold the same ${left.size} files with the same bytes (sha256 over all: ${all.slice(0, 16)}…).`,
  );
  print(
    "  They must: every step saw only what it declares, what it had read was checked against all steps before it,",
  );
  print("  and what it wrote was committed in list order.");
  print(
    `\n  In order ${seconds(inOrderMs)}, with Sheaf ${seconds(report.timing.wallMs)}: ${(inOrderMs / report.timing.wallMs).toFixed(2)} times as fast on ${availableParallelism()} processors.`,
  );
  print(`  Look at ${relative(process.cwd(), join(parallel, "outputs", "report.md"))}`);
}
if (report.status !== "succeeded") process.exitCode = 1;
