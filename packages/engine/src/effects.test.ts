import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@sheaf/testkit";
import { expect, test } from "vitest";
import { executeWithParallelism, type RunOptions } from "./index.ts";
import { OPTIONS } from "./run-rig.ts";

/** What a process that is killed now leaves behind. */
function journalIn(dir: string): string {
  const runs = join(dir, ".sheaf", "runs");
  return readdirSync(runs)
    .map((run) => readFileSync(join(runs, run, "journal.ndjson"), "utf8"))
    .join("");
}

test.each<RunOptions>([{ durability: "process" }, { durability: "power" }])(
  "a task with effects is known to have started before it does anything: %j",
  async (options) => {
    using dir = tempDir();
    const tasks = ["first", "second"].map((id) => ({ id, effects: ["mail"], reads: [], writes: [] }));
    const seen: string[] = [];
    const agent = ({ id }: { readonly id: string }): void => {
      const lines = journalIn(dir.path).split("\n");
      seen.push(...lines.filter((line) => line.includes("attempt.started") && line.includes(`"${id}"`)));
    };
    const report = await executeWithParallelism({ dir: dir.path, tasks }, agent, { ...OPTIONS, ...options });
    expect(report.status).toBe("succeeded");
    expect(seen).toHaveLength(2);
  },
);
