// What happens beside the tasks of a run: somebody else edits the directory, a task's process stays, the disk is full.
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TaskSpec } from "@sheaf/core";
import { executeWithParallelism, type RunReport } from "@sheaf/engine";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { users } from "./overlay/driven-host.ts";

const LATE_WRITER = fileURLToPath(new URL("./fixtures/late-writer.mjs", import.meta.url));
const PATIENCE = { timeout: 30_000, interval: 10 };

const self = users().find(({ uid }) => uid === process.getuid?.());
const rungs = [
  { where: "copies", staging: "copy", skip: false },
  {
    where: `overlays${self?.skip === false ? "" : ` (skipped: ${self?.who ?? "no users"})`}`,
    staging: "overlay",
    skip: self?.skip !== false,
  },
] as const;

/** Why there is no small disk for a test; null when there is one. */
function whyNoDisk(): string | null {
  using folder = tempDir();
  const { status, stderr, error } = spawnSync("mount", ["-t", "tmpfs", "tmpfs", folder.path], {
    encoding: "utf8",
  });
  if (status !== 0) return error?.message ?? stderr.trim();
  execFileSync("umount", [folder.path]);
  return null;
}
const noDisk = whyNoDisk();

let place: TempDir;
const at = (path: string): string => join(place.path, path);
const file = (path: string): string => readFileSync(at(path), "utf8");
beforeEach(() => {
  place = tempDir({ "shared/a": "1\n", "shared/d/x": "1\n", "outside/x": "precious\n" });
});
afterEach(() => place[Symbol.dispose]());

describe.each(rungs)("on $where", ({ staging, skip }) => {
  const run = (
    tasks: readonly TaskSpec[],
    more: object = {},
    agent?: Parameters<typeof executeWithParallelism>[1],
  ): Promise<RunReport> =>
    Promise.resolve(
      executeWithParallelism({ dir: at("shared"), tasks }, agent, {
        ...{ env: {}, useLlmDeps: false, validate: true, staging, runId: "r" },
        ...more,
      }),
    );

  /** Does something when the only task of a run has its view and waits. */
  async function meanwhile(command: string, act: () => void): Promise<RunReport> {
    const waits = `touch ${at("ready")}; until [ -e ${at("go")} ]; do sleep 0.02; done`;
    const ended = run([
      { id: "first", run: "echo first > first" },
      { id: "waits", run: `${waits}; ${command}` },
    ]);
    await vi.waitFor(() => expect(existsSync(at("ready"))).toBe(true), PATIENCE);
    act();
    writeFileSync(at("go"), "");
    return ended;
  }

  test.skipIf(skip)("an edit in place by somebody else is told and stays", async () => {
    const report = await meanwhile("echo done > made", () => writeFileSync(at("shared/a"), "edited\n"));
    expect(report.guarantee).toMatchObject({ level: "void", reasons: [expect.stringMatching(/\ba\b/)] });
    expect([file("shared/a"), file("shared/first"), file("shared/made")]).toEqual([
      "edited\n",
      "first\n",
      "done\n",
    ]);
  });

  test.skipIf(skip)("an edit in place of what a task writes, too, is kept aside", async () => {
    const report = await meanwhile("echo ours > a", () => writeFileSync(at("shared/a"), "edited\n"));
    expect(report.guarantee.level).toBe("void");
    expect(file("shared/a")).toBe("ours\n");
    expect(readFileSync(join(report.runDir!, "outside/a"), "utf8")).toBe("edited\n");
  });

  test.skipIf(skip)("a folder that somebody has replaced by a link is not written through", async () => {
    const report = await meanwhile("echo ours > d/x; echo ours > d/y", () => {
      renameSync(at("shared/d"), at("moved"));
      symlinkSync(at("outside"), at("shared/d"));
    });
    expect(report.guarantee.level).toBe("void");
    expect(readTree(at("outside"))).toEqual(['x file 644 "precious\\n"']);
    expect(lstatSync(at("shared/d")).isDirectory()).toBe(true);
    expect([file("shared/d/x"), file("shared/d/y"), file("shared/first")]).toEqual([
      "ours\n",
      "ours\n",
      "first\n",
    ]);
  });

  test.skipIf(skip)("a write to the directory's own path is the task's, or told", async () => {
    const report = await run([
      { id: "absolute", run: `echo direct > ${at("shared/direct")}` },
      { id: "after", run: "cat direct > copied || echo none > copied" },
    ]);
    expect(file("shared/direct")).toBe("direct\n");
    const isTasks = report.guarantee.level === "serial-equivalent";
    expect(file("shared/copied")).toBe(isTasks ? "direct\n" : "none\n");
    if (!isTasks) expect(report.guarantee.reasons.join()).toMatch(/\bdirect\b/);
  });

  test.skipIf(skip)(
    "what a process writes that stays behind is committed as the next task sees it",
    async () => {
      const writes = `echo $$ > ${at("pid")}; while :; do echo tick >> ticks; sleep 0.01; done`;
      const stays = `setsid sh -c '${writes}' > /dev/null 2>&1 3>&- 4>&- & until [ -s ticks ]; do :; done`;
      const report = await run([
        { id: "stays", run: stays },
        { id: "counts", run: "wc -l < ticks" },
      ]);
      if (existsSync(`/proc/${file("pid").trim()}`)) process.kill(-Number(file("pid")), "SIGKILL");
      const { counts } = report.unwrap();
      expect(file("shared/ticks")).toBe("tick\n".repeat(Number(counts)));
      expect(report.guarantee.level).toBe("serial-equivalent");
    },
  );

  test.skipIf(skip).each(["thread", "process"])(
    "what an agent in a %s writes after it has returned is committed as the next task sees it, or not at all",
    async (executor) => {
      const agent = { module: LATE_WRITER, export: "run" };
      const report = await run([{ id: "late" }, { id: "finds", dependsOn: ["late"] }], { executor }, agent);
      expect(file("shared/ticks")).toHaveLength(Number(report.unwrap().finds));
      expect(file("shared/ticks")).toMatch(/^in time\n/);
      expect(report.guarantee.level).toBe("serial-equivalent");
    },
  );

  describe.skipIf(skip || noDisk !== null)(
    `on a full disk${noDisk === null ? "" : ` (skipped: ${noDisk})`}`,
    () => {
      const sized = (size: string): string[] => ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", at("shared")];
      const TASKS = [
        { id: "small", run: "echo small > small" },
        { id: "big", run: "head -c 8000000 /dev/zero > big; echo 2 > a" },
        { id: "after", run: "cat a > after" },
      ];
      beforeEach(() => {
        rmSync(at("shared"), { recursive: true });
        mkdirSync(at("shared"));
        execFileSync("mount", sized("2m"));
        writeFiles(at("shared"), { a: "1\n" });
      });
      afterEach(() => void execFileSync("umount", ["-l", at("shared")]));

      test("a commit that does not fit ends the run and changes nothing; with room the run goes on", async () => {
        const options = { minFreeDiskMb: 0, home: at("home") };
        const report = await run(TASKS, options);
        expect(report).toMatchObject({ status: "failed", fault: { code: "DIR_UNUSABLE" } });
        expect(report.fault!.message).toMatch(/big cannot be written \(ENOSPC\)/);
        expect(readTree(at("shared"))).toEqual(['a file 644 "1\\n"', 'small file 644 "small\\n"']);
        execFileSync("mount", ["-o", "remount,size=64m", at("shared")]);
        (await run(TASKS, options)).unwrap();
        expect(file("shared/after")).toBe("2\n");
        expect(lstatSync(at("shared/big")).size).toBe(8_000_000);
      });

      test("where a task's own files do not fit it fails, and what is committed stays; with room the run goes on", async () => {
        const report = await run(TASKS, { minFreeDiskMb: 0 });
        expect(report.tasks.big!.outcome).toBe("failed");
        const failures = Object.values(report.tasks).flatMap(({ failure }) => failure?.error.message ?? []);
        for (const message of failures) expect(message).toMatch(/No space left|ENOSPC/);
        expect(readTree(at("shared"))).toEqual(
          expect.arrayContaining(['a file 644 "1\\n"', 'small file 644 "small\\n"']),
        );
        expect(existsSync(at("shared/big"))).toBe(false);
        execFileSync("mount", ["-o", "remount,size=64m", at("shared")]);
        (await run(TASKS, { minFreeDiskMb: 0 })).unwrap();
        expect(file("shared/after")).toBe("2\n");
      });
    },
  );
});
