// Real planners' answers run in every mode, with an agent that writes what it was asked to a file.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTree, tempDir } from "@sheaf/testkit";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const sheaf = join(root, "packages/cli/bin/sheaf.js");
const data = join(root, "../shared/data/plans");
const there = existsSync(data);

const AGENT = `
  import { writeFileSync } from "node:fs";
  import { join } from "node:path";
  export default (task, ctx) => {
    const points = task.input.points.map((point) => "- " + point + "\\n").join("");
    writeFileSync(join(ctx.dirs.outputs, task.id + ".md"), task.input.step + "\\n" + points);
    return task.agent;
  };
`;

function runPlan(plan: string, mode: string): readonly string[] {
  using place = tempDir({ "agent.mjs": AGENT, "work/": "" });
  const dir = join(place.path, "work");
  const args = [
    sheaf,
    "run",
    plan,
    "--dir",
    dir,
    "--mode",
    mode,
    "--agent",
    join(place.path, "agent.mjs"),
    "--json",
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const steps = JSON.parse(readFileSync(plan, "utf8")).sub_tasks as readonly { sub_task_agent: string }[];
  const report = JSON.parse(stdout) as { tasks: Record<string, { outcome: string; output: string }> };
  expect(Object.values(report.tasks).map(({ output }) => output)).toEqual(
    steps.map((step) => step.sub_task_agent),
  );
  return readTree(dir);
}

describe.skipIf(!there)(
  there ? "planners' answers" : "planners' answers (skipped: ../shared/data is absent)",
  () => {
    test.each(there ? readdirSync(data) : [])("%s leaves the same in every mode", (name) => {
      const [sequential, auto, parallel] = ["sequential", "auto", "parallel"].map((mode) =>
        runPlan(join(data, name), mode),
      );
      expect(sequential!.length).toBeGreaterThan(3);
      expect(auto).toEqual(sequential);
      expect(parallel).toEqual(sequential);
    });
  },
);
