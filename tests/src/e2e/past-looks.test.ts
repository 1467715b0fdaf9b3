// Code that looks at the shared directory by its own path, past its work directory.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TaskSpec } from "@sheaf/core";
import { executeWithParallelism, type RunReport } from "@sheaf/engine";
import { type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { fsHookFile } from "@sheaf/workdir/tracking";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const AGENT = { module: fileURLToPath(new URL("./fixtures/gate-agent.mjs", import.meta.url)), export: "run" };

let place: TempDir;
let dir: string;
beforeEach(() => {
  place = tempDir();
  dir = join(place.path, "shared");
  mkdirSync(dir);
  writeFiles(dir, { a: "old", b: "same" });
});
afterEach(() => place[Symbol.dispose]());

const attempts = (report: RunReport): object =>
  Object.fromEntries(report.order.map((id) => [id, report.tasks[id]!.attempts]));

describe.each(["thread", "process"] as const)("an agent in a %s", (executor) => {
  const run = (tasks: readonly TaskSpec[]) =>
    executeWithParallelism({ dir, tasks }, AGENT, {
      ...{ useLlmDeps: false, env: {}, maxWorkers: 3, mode: "parallel", staging: "copy", executor },
    });

  test("that saw there what an earlier task had not yet written runs again", async () => {
    const gate = join(place.path, "gate");
    const report = await run([
      { id: "build", input: { waitsFor: gate, writes: { a: "new" } } },
      { id: "use", input: { copies: [join(dir, "a"), "seen"], opens: gate } },
      { id: "other", input: { copies: [join(dir, "b"), "b2"] } },
    ]);
    expect(report).toMatchObject({ status: "succeeded", guarantee: { level: "serial-equivalent" } });
    expect(readFileSync(join(dir, "seen"), "utf8")).toBe("new");
    expect(readFileSync(join(dir, "b2"), "utf8")).toBe("same");
    expect(attempts(report)).toEqual({ build: 1, use: 2, other: 1 });
  });

  test("that missed there what its work directory has of a task that is not committed runs again", async () => {
    const gate = join(place.path, "gate");
    const report = await run([
      { id: "slow", input: { waitsFor: gate } },
      { id: "build", dependsOn: [], input: { writes: { a: "new" } } },
      { id: "use", dependsOn: ["build"], input: { copies: [join(dir, "a"), "seen"], opens: gate } },
    ]);
    expect(report).toMatchObject({ status: "succeeded", guarantee: { level: "serial-equivalent" } });
    expect(readFileSync(join(dir, "seen"), "utf8")).toBe("new");
    expect(attempts(report)).toEqual({ slow: 1, build: 1, use: 2 });
  });
});

test("looks past the work directory are told apart, of frozen folders as one, those at the state folder not at all", () => {
  writeFiles(dir, { "node_modules/x/index.js": "", ".sheaf/runs/r1/view/a": "" });
  const root = join(dir, ".sheaf/runs/r1/view");
  const looks = `
    const fs = require("node:fs");
    const hook = globalThis[Symbol.for("sheaf.fs-hook")];
    const [root, dir] = process.argv.slice(1);
    process.chdir(dir);
    hook.start(root, { path: dir, frozen: [dir + "/node_modules"] });
    for (const path of [root + "/a", dir + "/a", "b", "none", "node_modules/x/index.js", ".sheaf/x", "../beside"])
      fs.existsSync(path);
    fs.readdirSync(".");
    fs.writeFileSync("made", "");
    const inside = "require('node:fs').existsSync(" + JSON.stringify(dir + "/nested") + ")";
    new (require("node:worker_threads").Worker)(inside, { eval: true }).once("exit", () => {
      console.log(JSON.stringify(hook.stop()));
    });
  `;
  const { stdout } = spawnSync(process.execPath, ["-r", fsHookFile, "-e", looks, root, dir], {
    encoding: "utf8",
  });
  const { reads, complete } = JSON.parse(stdout);
  expect(complete).toBe(true);
  expect(reads.map((read: string[]) => read.join(" ")).sort()).toEqual(
    ["e a", "e /a", "e /b", "e /none", "e /node_modules", "e /nested", "l /", "w /made"].sort(),
  );
});
