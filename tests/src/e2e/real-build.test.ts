// A real build by a compiler, in list order with nothing declared: what the programs look at is watched.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { EdgeSource } from "@sheaf/core";
import { executeWithParallelism, type RunReport } from "@sheaf/engine";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { trackShim } from "@sheaf/workdir";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { C_BUILD, C_FILES } from "./fixtures/c-project.ts";

async function whyNot(): Promise<string | null> {
  for (const tool of ["gcc", "ar"]) {
    if (spawnSync(tool, ["--version"]).error !== undefined) return `there is no ${tool}`;
  }
  const shim = await trackShim();
  return "missing" in shim ? shim.missing : null;
}

const why = await whyNot();
const title = "a C project of 40 files";

test.runIf(process.platform === "linux" && process.env.CI !== undefined)(
  "where everything is checked, there is a C compiler",
  () => expect(why).toBeNull(),
);

describe.skipIf(why !== null)(why === null ? title : `${title} (skipped: ${why})`, () => {
  let place: TempDir;
  let expected: readonly string[];

  beforeAll(() => {
    place = tempDir();
    writeFiles(place.path, C_FILES);
    const script = C_BUILD.map(({ run }) => run).join("\n");
    const { status, stderr } = spawnSync("sh", ["-e", "-c", script], { cwd: place.path, encoding: "utf8" });
    expect(status, stderr).toBe(0);
    expected = readTree(place.path);
  });
  afterAll(() => place[Symbol.dispose]());

  /** Puts the sources back as they were; the state of runs stays. */
  function startAnew(): void {
    for (const name of readdirSync(place.path)) {
      if (name !== ".sheaf") rmSync(join(place.path, name), { recursive: true });
    }
    writeFiles(place.path, C_FILES);
  }

  const build = (mode: "auto" | "parallel") =>
    executeWithParallelism({ dir: place.path, tasks: C_BUILD }, undefined, {
      ...{ trackSubprocesses: true, useLlmDeps: false, env: {}, maxWorkers: 3, mode, validate: true },
      tags: { cpu: 3 },
    });

  const conflictsOf = ({ tasks }: RunReport): number =>
    Object.values(tasks).reduce((sum, { conflicts }) => sum + conflicts, 0);

  const figures = (report: RunReport): string =>
    `${Math.round(report.timing.wallMs)} ms with ${conflictsOf(report)} conflicts`;

  test("has 40 files and prints two versions", () => {
    expect(Object.keys(C_FILES)).toHaveLength(40);
    expect(expected.find((line) => line.startsWith("said.txt"))).toMatch(/version 1: \d+.*version 2: \d+/);
  });

  test("is built as by a plain shell, twice, and the second time in an order that was learned", {
    timeout: 300_000,
  }, async () => {
    startAnew();
    const first = await build("parallel");
    first.unwrap();
    expect(readTree(place.path)).toEqual(expected);
    expect(first.guarantee.level).toBe("serial-equivalent");
    expect(conflictsOf(first)).toBeGreaterThan(0);

    startAnew();
    const run = build("auto");
    const { graph } = await run.plan;
    const second = await run;
    second.unwrap();
    expect(readTree(place.path)).toEqual(expected);
    expect(second.guarantee.level).toBe("serial-equivalent");
    expect(conflictsOf(second)).toBe(0);
    const edges = graph.edges.map(({ from, to, source }) => `${from} ${to} ${source satisfies EdgeSource}`);
    expect(edges).toEqual(
      expect.arrayContaining([
        "table compile-sums3 learned",
        "compile-words7 archive-words learned",
        "link-main run-main learned",
      ]),
    );
    expect(edges.filter((edge) => edge.endsWith("assumed"))).toEqual([]);
    // The modules do not wait for one another.
    expect(edges).not.toContain("compile-sums0 compile-sums1 learned");
    // biome-ignore lint/suspicious/noConsole: the figures are in docs/testing.md
    console.log(`${figures(first)}, then ${figures(second)}`);
  });
});
