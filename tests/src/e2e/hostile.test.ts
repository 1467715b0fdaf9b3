// Tasks that do what nobody should: each ends in a clear error or a right result, and what is not theirs stays as it is.
import { execFile, spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readTree, tempDir } from "@sheaf/testkit";
import { describe, expect, test } from "vitest";
import { hostilePlace, hostileTasks } from "./fixtures/hostile-tasks.ts";
import { identity, users } from "./overlay/driven-host.ts";

const RUN_AS = fileURLToPath(new URL("./fixtures/run-as.mjs", import.meta.url));

interface Report {
  readonly workdir: { readonly rung: string };
  readonly guarantee: { readonly level: string; readonly reasons: readonly string[] };
  readonly tasks: Readonly<
    Record<string, { outcome: string; failure: { error: { message: string } } | null }>
  >;
}

async function runAs(uid: number, request: object): Promise<Report> {
  const args = [RUN_AS, String(uid), JSON.stringify(request)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28, cwd: "/" });
  return JSON.parse(stdout) as Report;
}

describe.each(users())("as $who", ({ uid, skip }) => {
  test.skipIf(skip).each(["copy", "overlay"])(
    "on %s hostile tasks leave what a plain shell leaves",
    { timeout: 1_200_000 },
    async (staging) => {
      using place = tempDir();
      chmodSync(place.path, 0o755);
      const plain = hostilePlace(join(place.path, "plain"));
      const ours = hostilePlace(join(place.path, "ours"));
      spawnSync("chown", ["-Rh", `${uid}:${uid}`, place.path]);
      const before = readTree(ours.outside);
      for (const { id, run, fails } of hostileTasks(plain.outside, uid)) {
        if (fails !== undefined) continue;
        const shell = spawnSync("sh", ["-c", `umask 022; ${run}`], {
          cwd: plain.dir,
          ...identity(uid),
          encoding: "utf8",
        });
        expect(shell.stderr, id).toBe("");
      }
      const tasks = hostileTasks(ours.outside, uid);
      const report = await runAs(uid, {
        dir: ours.dir,
        tasks: tasks.map(({ id, run }) => ({ id, run })),
        options: { staging, validate: true },
      });
      const said = tasks.map(({ id }) => `${id}: ${report.tasks[id]!.failure?.error.message ?? "succeeded"}`);
      expect(said).toEqual(
        tasks.map(({ id, fails }) =>
          fails === undefined ? `${id}: succeeded` : expect.stringMatching(fails),
        ),
      );
      expect(readTree(ours.dir)).toEqual(readTree(plain.dir));
      expect(readTree(ours.outside)).toEqual(before);
      expect(report.workdir.rung).toBe(staging);
      expect(report.guarantee.level, report.guarantee.reasons.join()).toBe("serial-equivalent");
    },
  );
});
