import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PLAN_FILE = "plan.json";

/** What a run was started with by the command, so that it can be gone on with. */
export interface KeptPlan {
  readonly version: 1;
  /** Plan file as the user named it, relative to `cwd`; null when the plan came from standard input. */
  readonly path: string | null;
  readonly text: string;
  /** Absolute path of the folder in which the command was called. */
  readonly cwd: string;
  /** Absolute path of the shared directory. */
  readonly dir: string;
  /** Folder for the state of runs where one was asked for; null: `.sheaf` in the directory. */
  readonly home: string | null;
  /** Flags that shape the run, the agents named by them included. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** Keeps the plan in a run's folder, replacing the one that is there. */
export function keepPlan(runDir: string, plan: KeptPlan): void {
  const path = join(runDir, PLAN_FILE);
  mkdirSync(runDir, { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(plan, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** Returns the plan in a run's folder, or null when none is kept there that can be used. */
export function readKeptPlan(runDir: string): KeptPlan | null {
  try {
    const plan = JSON.parse(readFileSync(join(runDir, PLAN_FILE), "utf8")) as KeptPlan;
    return plan.version === 1 && typeof plan.text === "string" && typeof plan.dir === "string" ? plan : null;
  } catch {
    return null;
  }
}
