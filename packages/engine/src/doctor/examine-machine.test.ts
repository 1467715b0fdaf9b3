import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { lockDir, probeOverlay } from "@sheaf/workdir";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSettings } from "../config/read-settings.ts";
import type { Settings } from "../config/settings.ts";
import { examineMachine, type MachineRequest } from "./examine-machine.ts";
import type { Finding } from "./finding.ts";

let place: TempDir;
beforeEach(() => {
  place = tempDir();
});
afterEach(() => place[Symbol.dispose]());

async function found(
  request: Partial<MachineRequest> = {},
  settings: Partial<Settings> = {},
): Promise<Readonly<Record<string, Finding>>> {
  const stateDir = join(place.path, ".sheaf");
  const findings = await examineMachine({
    ...{ dir: place.path, stateDir, settings: readSettings(settings, {}).settings },
    ...request,
  });
  return Object.fromEntries(findings.map((finding) => [finding.about, finding]));
}

describe("what is found", () => {
  test("has a reason each, and leaves nothing behind", async () => {
    const findings = await found();
    for (const { why } of Object.values(findings)) expect(why.length).toBeGreaterThan(10);
    for (const { grade, better } of Object.values(findings)) expect(better === null).toBe(grade === "good");
    expect(findings.freezing).toMatchObject({ grade: "good", what: "links" });
    expect(readdirSync(place.path)).toEqual([]);
  });

  test("the rung is that of runs, root's or an ordinary user's, or the one that is asked for", async () => {
    const overlay = (await probeOverlay(place.path)).ok;
    const filled = process.getuid?.() === 0 ? "copy" : "hardlink";
    expect((await found()).staging!.what).toBe(overlay ? "overlay" : filled);
    const links = (await found({}, { staging: "hardlink" })).staging!;
    expect([links.what, links.grade]).toEqual(["hardlink", "limited"]);
    if (overlay) expect(links.better).toMatch(/auto/);
  });

  test("a state folder is left as it was, whoever made it", async () => {
    mkdirSync(join(place.path, ".sheaf/runs"), { recursive: true });
    await found();
    expect(readdirSync(join(place.path, ".sheaf"))).toEqual(["runs"]);
    await found({ stateDir: join(place.path, "home/deep/key") });
    expect(existsSync(join(place.path, "home"))).toBe(false);
  });

  test("an old Node, too little space or a folder that cannot be written to are bad", async () => {
    expect((await found({ nodeVersion: "20.18.3" })).Node!.grade).toBe("bad");
    expect((await found({ nodeVersion: "20.19.0" })).Node!.grade).toBe("good");
    const full = await found({}, { minFreeDiskMb: 1_000_000_000 });
    expect(full["free space"]).toMatchObject({ grade: "bad", better: expect.stringContaining("sheaf gc") });
    const none = await found({ dir: join(place.path, "gone") });
    expect(none.directory).toMatchObject({ grade: "bad", why: expect.stringContaining("ENOENT") });
  });

  test("a directory that a run holds, or that lies in one, is in use", async () => {
    const lock = lockDir(place.path, "run r");
    mkdirSync(join(place.path, "sub"));
    try {
      expect((await found()).directory).toMatchObject({
        grade: "limited",
        why: expect.stringContaining("run r"),
      });
      const below = await found({ dir: join(place.path, "sub"), stateDir: join(place.path, "sub/.sheaf") });
      expect(below.directory!.grade).toBe("limited");
    } finally {
      lock.release();
    }
  });

  test("tracking that is switched off is told", async () => {
    expect((await found())["reads of agents"]!.what).toBe("watched");
    expect((await found({}, { tracking: false }))["reads of agents"]!.better).toBe("unset SHEAF_TRACKING");
    const commands = (await found({}, { trackSubprocesses: true }))["reads of commands"]!;
    expect(["watched", "cannot be watched"]).toContain(commands.what);
  });

  test("the limit of open files is the shell's", async () => {
    const shell = execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).trim();
    expect((await found())["open files"]!.what).toBe(shell);
  });

  const memory = "/dev/shm";
  const apart = existsSync(memory) && statSync(memory).dev !== statSync(tmpdir()).dev;
  test.skipIf(!apart)("state on another file system means copies", async () => {
    const home = mkdtempSync(join(memory, "sheaf-test-"));
    try {
      const { freezing } = await found({ stateDir: join(home, "key") });
      expect(freezing).toMatchObject({ what: "copies", why: expect.stringContaining("another file system") });
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
