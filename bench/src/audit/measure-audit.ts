// The list of the main example, run in order in one directory and with Sheaf in three ways.
import { symlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { auditor } from "@sheaf/example-audit/agents";
import { STEPS } from "@sheaf/example-audit/steps";
import { tasks } from "@sheaf/example-audit/tasks";
import { executeWithParallelism, type RunOptions } from "sheaf";
import { type Contestant, type ContestResult, holdContest } from "../measure/contest.ts";
import { costOf } from "../measure/cost.ts";
import { repository } from "../repository.ts";
import { type Section, type SectionOptions, sayDrift } from "../show/section.ts";
import type { Table } from "../show/table.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { treeHash } from "./tree-hash.ts";

const YARDSTICK = "in order, in one directory";

/** Two tasks side by side at least, or there is nothing to see. */
const workers: number = Math.max(2, availableParallelism());

/** Measures the audit. Fails when two ways of running it leave different files. */
export async function measureAudit(options: SectionOptions): Promise<Section> {
  const left = new Map<string, string>();
  const contestants = [
    contestant(YARDSTICK, left, async (dir) => {
      for (const { id } of tasks) STEPS[id]!(dir);
    }),
    withSheaf("Sheaf, mode sequential", left, { mode: "sequential" }),
    withSheaf("Sheaf, schedule levels", left, { schedule: "levels" }),
    withSheaf("Sheaf, schedule ready", left, { schedule: "ready" }),
  ];
  const result = await holdContest({ contestants, yardstick: YARDSTICK }, options);
  return { tables: [auditTable(result, [...left.values()][0]!)] };
}

function withSheaf(name: string, left: Map<string, string>, options: RunOptions): Contestant {
  return contestant(name, left, async (dir) => {
    const report = await executeWithParallelism({ dir, tasks }, auditor, {
      ...options,
      maxWorkers: workers,
      useLlmDeps: false,
      env: {},
    });
    report.unwrap();
  });
}

/** Every run gets a fresh directory whose only input is a link to the packages that are installed here. */
function contestant(
  name: string,
  left: Map<string, string>,
  work: (dir: string) => Promise<void>,
): Contestant {
  return {
    name,
    async run() {
      using folder = temporaryFolder();
      symlinkSync(join(repository, "node_modules"), join(folder.path, "node_modules"));
      const cost = await costOf(() => work(folder.path));
      left.set(name, treeHash(folder.path));
      requireSame(left);
      return { [name]: cost };
    },
  };
}

function requireSame(left: ReadonlyMap<string, string>): void {
  const hashes = new Set(left.values());
  if (hashes.size <= 1) return;
  const said = [...left].map(([name, hash]) => `${name}: ${hash.slice(0, 16)}`).join("; ");
  throw new Error(`The audit left different files in different ways of running it (${said})`);
}

function auditTable(result: ContestResult, hash: string): Table {
  return {
    title: `Audit: ${tasks.length} steps over the installed packages, ${workers} workers`,
    columns: [
      { key: "way", heading: "way" },
      { key: "wallS", heading: "wall s", digits: 2 },
      { key: "cpuS", heading: "CPU s", digits: 2 },
      { key: "speedUp", heading: "times as fast", digits: 2 },
      { key: "least", heading: "least", digits: 2 },
      { key: "most", heading: "most", digits: 2 },
      { key: "cpuRatio", heading: "CPU ratio", digits: 2 },
    ],
    rows: result.standings.map(({ name, wallMs, cpuMs, wallRatio, cpuRatio }) => ({
      way: name,
      wallS: wallMs.median / 1_000,
      cpuS: cpuMs.median / 1_000,
      speedUp: 1 / wallRatio.median,
      least: 1 / wallRatio.most,
      most: 1 / wallRatio.least,
      cpuRatio: cpuRatio.median,
    })),
    notes: [
      sayDrift(YARDSTICK, result.drift),
      `All ways left the same files in every round (sha256 over names and bytes: ${hash.slice(0, 16)}).`,
    ],
  };
}
