// The same work on every rung leaves what a plain shell leaves.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { caseCount, readTree } from "@sheaf/testkit";
import type { StagingRung } from "@sheaf/workdir";
import { describe, expect, test } from "vitest";
import { identity, users } from "./driven-host.ts";
import { type FileProgram, PROGRAMS, START, shellOf } from "./file-programs.ts";
import { places, runAs } from "./run-as.ts";

const FILE_OPS = fileURLToPath(new URL("../fixtures/file-ops.mjs", import.meta.url));

function runPlainly(uid: number, cwd: string, programs: readonly FileProgram[]): void {
  for (const program of programs) {
    const script = `umask 022; ${shellOf(program)}`;
    const { status, stderr } = spawnSync("sh", ["-e", "-c", script], {
      cwd,
      ...identity(uid),
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${program.id}: ${stderr}`);
  }
}

const asCommand = (program: FileProgram): object => ({ id: program.id, run: shellOf(program) });
const asInput = ({ id, ops }: FileProgram): object => ({ id, input: ops });

const WORKERS = [
  { by: "commands", tasks: PROGRAMS.map(asCommand), more: {} },
  {
    by: "threads",
    tasks: PROGRAMS.map(asInput),
    more: { executor: "thread", mode: "parallel", maxWorkers: 3 },
  },
  {
    by: "processes",
    tasks: PROGRAMS.map(asInput),
    more: { executor: "process", mode: "parallel", maxWorkers: 3 },
  },
] as const;

const RUNGS: readonly StagingRung[] = ["copy", "hardlink", "overlay"];

describe.each(users())("as $who", ({ uid, skip }) => {
  // Root is not stopped by file modes, so hard links are none of its rungs.
  const rungs = RUNGS.filter((rung) => uid !== 0 || rung !== "hardlink");
  const table = WORKERS.flatMap((worker) => rungs.map((staging) => ({ ...worker, staging })));

  test.skipIf(skip).each(table)(
    "$by on $staging leave what a plain shell leaves",
    async ({ tasks, more, staging }) => {
      using place = places(uid, START);
      runPlainly(uid, place.plain, PROGRAMS);
      const agent = { module: FILE_OPS, export: "run" };
      const options = { staging, validate: true, retain: "none", ...more };
      const report = await runAs(uid, { dir: place.shared, tasks, agent, options });
      const failures = Object.entries(report.tasks).flatMap(([id, { failure }]) =>
        failure === null ? [] : [`${id}: ${failure.error.message}`],
      );
      expect(failures).toEqual([]);
      expect(readTree(place.shared)).toEqual(readTree(place.plain));
      expect(report.workdir.rung).toBe(staging);
      expect(report.workdir.stagedFiles > 0).toBe(staging !== "overlay");
      expect(report.guarantee.level).toBe("serial-equivalent");
      expect(report.fallbacks).toEqual([]);
      // Nothing is left of what views were made of.
      expect(
        readdirSync(report.runDir).filter((name) => ["base", "layers", "lower", "trash"].includes(name)),
      ).toEqual([]);
    },
  );

  describe.skipIf(skip)("on overlay", () => {
    test("many files are made by one task, and half of them removed by the next", async () => {
      using place = places(uid, START);
      const files = caseCount({ ci: 1_000, full: 2_000, deep: 10_000 });
      const half = Array.from({ length: files / 2 }, (_, i) => `many/${2 * i}`);
      const tasks = [
        asCommand({ id: "makes", ops: [["many", "many", String(files)]] }),
        { id: "removes", run: `for i in $(seq 0 2 ${files - 2}); do echo many/$i; done | xargs rm` },
        { id: "counts", run: `ls many | wc -l; cat many/${files - 1}` },
      ];
      const report = await runAs(uid, { dir: place.shared, tasks, options: { staging: "overlay" } });
      expect(report.tasks.counts!.output).toBe(`${files / 2}\n${files - 1}`);
      expect(readdirSync(join(place.shared, "many")).length).toBe(files / 2);
      expect(half.some((path) => existsSync(join(place.shared, path)))).toBe(false);
    });

    test("a chain of more tasks than layers can be stacked goes on", async () => {
      using place = places(uid, START);
      const tasks = Array.from({ length: 70 }, (_, i) => ({
        id: `t${i}`,
        run: `echo ${i} >> log; rm -f made-${i - 1}; echo > made-${i}; wc -l < log`,
      }));
      const report = await runAs(uid, { dir: place.shared, tasks, options: { staging: "overlay" } });
      expect(report.tasks.t69!.output).toBe("70");
      const made = readdirSync(place.shared).filter((name) => name.startsWith("made-"));
      expect(made).toEqual(["made-69"]);
    });

    test("commands are who they are outside, and may do what they may there", async () => {
      using place = places(uid, START);
      const script = "id -u; id -g; umask; ulimit -n; ls /proc/self/fd | wc -l";
      const said = async (staging: StagingRung): Promise<unknown> => {
        const tasks = [{ id: "says", run: script }];
        return (await runAs(uid, { dir: place.shared, tasks, options: { staging } })).tasks.says!.output;
      };
      expect(await said("overlay")).toBe(await said("copy"));
    });

    test("a program that stays in its view is told of, and ends with the run", async () => {
      using place = places(uid, START);
      const stays =
        "setsid sh -c 'echo $$ > pid; exec sleep 1000' > /dev/null 2>&1 3>&- 4>&- & until [ -s pid ]; do :; done; cat pid";
      const tasks = [
        { id: "stays", run: stays },
        { id: "after", run: "cat pid" },
      ];
      const report = await runAs(uid, { dir: place.shared, tasks, options: { staging: "overlay" } });
      expect(report.fallbacks).toEqual([
        expect.stringMatching(/"stays" stays mounted .* process \d+ \(sleep\) has a private copy of it/),
      ]);
      const pid = Number(readFileSync(join(place.shared, "pid"), "utf8"));
      expect(report.tasks.after!.output).toBe(String(pid));
      expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
    });

    test("of a failed task the upper folder is kept, and nothing that it wrote", async () => {
      using place = places(uid, START);
      const tasks = [{ id: "fails", run: "echo half > written; rm -r d; exit 3" }];
      const report = await runAs(uid, { dir: place.shared, tasks, options: { staging: "overlay" } });
      const kept = join(report.runDir, "tasks/0001-fails");
      expect(readdirSync(kept).sort()).toEqual(["attempt-1", "upper"]);
      expect(readFileSync(join(kept, "upper/written"), "utf8")).toBe("half\n");
      expect(readTree(place.shared)).toEqual(readTree(place.plain));
    });
  });
});

const ordinary = users().find(({ uid }) => uid !== 0)!;

test.skipIf(ordinary.skip)(
  "who is root of a container of an ordinary user is given overlays, too",
  async () => {
    using place = places(ordinary.uid, START);
    const { uid } = ordinary;
    const programs = PROGRAMS.filter(({ id }) => !["locked", "undone"].includes(id)); // root may read all
    runPlainly(uid, place.plain, programs);
    const become = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
    const prefix = [...(process.getuid!() === uid ? [] : become), "unshare", "-Ur"];
    const request = { dir: place.shared, tasks: programs.map(asCommand), options: { staging: "overlay" } };
    const report = await runAs(0, request, { prefix });
    expect(report).toMatchObject({ status: "succeeded", workdir: { rung: "overlay" }, fallbacks: [] });
    expect(readTree(place.shared)).toEqual(readTree(place.plain));
  },
);

const isMandatory = process.env.CI !== undefined && process.env.TEST_AGAIN !== "1";
test.runIf(process.platform === "linux" && process.getuid?.() === 0 && isMandatory)(
  "where everything is checked, overlays work for root",
  () => {
    expect(users().find(({ uid }) => uid === 0)).toMatchObject({ who: "root", skip: false });
  },
);
