// A place for an index of runs, and what is asked of it.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type COST_HEADINGS, openIndex, type RunIndex, snapshotFile } from "@sheaf/ledger";
import { memoryDir } from "@sheaf/testkit";
import { expect } from "vitest";
import { type Bill, lineOf } from "./obvious-history.ts";

const UPDATE = fileURLToPath(new URL("fixtures/update-index.mjs", import.meta.url));

/** A state folder, and as many who look at its index as are asked for. */
export class Place {
  readonly #dir = memoryDir();
  readonly #url: string | undefined;
  readonly #open: RunIndex[] = [];

  constructor(url: string | undefined) {
    this.#url = url;
  }

  journal(run: string): string {
    const folder = join(this.#dir.path, "runs", run);
    mkdirSync(folder, { recursive: true });
    return join(folder, "journal.ndjson");
  }

  get file(): string {
    return join(this.#dir.path, "sheaf.db");
  }

  get snapshot(): string {
    return snapshotFile(this.#dir.path);
  }

  /** Updates the index in another process. Resolves when that has ended; `killAfterMs` kills it first. */
  updateElsewhere(killAfterMs?: number): Promise<void> {
    const args = [UPDATE, this.#dir.path, ...(this.#url === undefined ? [] : [this.#url])];
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
      const timer = killAfterMs === undefined ? null : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
      child.once("exit", (code, signal) => {
        if (timer !== null) clearTimeout(timer);
        if (code === 0 || signal === "SIGKILL") resolve();
        else reject(new Error(`the update ended with code ${code}`));
      });
    });
  }

  /** Another who looks at it. */
  async open(): Promise<RunIndex> {
    const index = await openIndex({ stateDir: this.#dir.path, url: this.#url });
    this.#open.push(index);
    return index;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const index of this.#open) await index.close();
    this.#dir[Symbol.dispose]();
  }
}

/** Asks an index for a bill, whose lines come to its total. */
export async function billOf(
  index: RunIndex,
  by: (typeof COST_HEADINGS)[number],
  since: number | null,
): Promise<Bill> {
  const { lines, total } = await index.costs({ by, since });
  const calls = lines.reduce((sum, line) => sum + line.calls, 0);
  expect(total.calls).toBe(calls);
  return Object.fromEntries(lines.map(({ name, ...line }) => [name, lineOf(line)]));
}

/** Makes the tables what they were before they counted cache writes. */
export function toFirstVersion(file: string): void {
  const { DatabaseSync } = createRequire(import.meta.resolve("@sheaf/ledger"))("@photostructure/sqlite");
  const database = new DatabaseSync(file);
  const [{ sql }] = database.prepare("select sql from sqlite_master where name = 'call_costs'").all();
  database.exec("drop view call_costs; delete from migrations where version > 1");
  database.exec("drop index attempts_agent; drop index attempts_unmetered");
  database.exec("alter table attempts drop column unmetered");
  for (const table of ["runs", "attempts", "calls", "windows"]) {
    database.exec(`alter table ${table} drop column cache_write_tokens`);
    database.exec(`alter table ${table} drop column estimated_calls`);
  }
  for (const column of ["telemetry_faults", "open_calls"]) {
    database.exec(`alter table runs drop column ${column}`);
  }
  database.exec(sql.replace(/calls.(cache_write_tokens|estimated_calls),/g, ""));
  database.close();
}
