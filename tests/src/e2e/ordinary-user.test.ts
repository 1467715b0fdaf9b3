import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTree, tempDir, writeFiles } from "@sheaf/testkit";
import { describe, expect, test } from "vitest";
import { users } from "./overlay/driven-host.ts";
import { places, runAs as runWith } from "./overlay/run-as.ts";

const SCRIPT = fileURLToPath(new URL("./fixtures/as-user.mjs", import.meta.url));
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

interface Printed {
  readonly user: number;
  readonly status: string;
  readonly workdir: { readonly rung: string };
  readonly guarantee: { readonly level: string };
  readonly tasks: Readonly<
    Record<string, { outcome: string; output?: unknown; failure: { error: { code: string } } | null }>
  >;
}

function runAs(uid: number, dir: string, tasks: readonly object[]): Printed {
  const args = [SCRIPT, String(uid), dir, JSON.stringify(tasks)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Printed;
}

const HOSTILE = [
  { id: "honest", run: "cat shared.txt > honest.txt", reads: ["shared.txt"], writes: ["honest.txt"] },
  { id: "appends", run: "echo more >> shared.txt", reads: ["shared.txt"], writes: ["x.txt"] },
  {
    id: "forces",
    run: "chmod u+w shared.txt; echo forced > shared.txt; sleep 0.1",
    reads: ["shared.txt"],
    writes: ["y.txt"],
  },
  { id: "reads", run: "sleep 0.2; cat shared.txt", reads: ["shared.txt"], writes: [] },
  { id: "may", run: "echo allowed >> log.txt", reads: [], writes: ["log.txt"] },
];

// Root's views are copies. An ordinary user's are hard links to private copies where a task declares its writes.
describe.each([
  { who: "root", uid: 0, rung: "copy", skip: !isRoot },
  {
    who: "an ordinary user",
    uid: isRoot ? NOBODY : (process.getuid?.() ?? 0),
    rung: "hardlink",
    skip: false,
  },
])("as $who", ({ uid, rung, skip }) => {
  test.skipIf(skip)(
    "a task that writes in place never reaches the live file nor what other tasks see",
    () => {
      using place = tempDir();
      chmodSync(place.path, 0o777);
      writeFiles(place.path, { "shared.txt": "original\n", "log.txt": "first\n" });
      if (isRoot)
        for (const name of ["", "shared.txt", "log.txt"]) chownSync(join(place.path, name), uid, uid);
      const printed = runAs(uid, place.path, HOSTILE);
      expect(printed.user).toBe(uid);
      expect(printed.workdir.rung).toBe(rung);
      expect(readFileSync(join(place.path, "shared.txt"), "utf8")).toBe("original\n");
      expect(readFileSync(join(place.path, "honest.txt"), "utf8")).toBe("original\n");
      expect(readFileSync(join(place.path, "log.txt"), "utf8")).toBe("first\nallowed\n");
      const outcomes = Object.entries(printed.tasks).map(([id, task]) => [
        id,
        task.failure?.error.code ?? task.outcome,
      ]);
      expect(outcomes).toEqual([
        ["honest", "succeeded"],
        ["appends", "WRITE_UNDECLARED"],
        ["forces", "WRITE_UNDECLARED"],
        ["reads", "succeeded"],
        ["may", "succeeded"],
      ]);
      expect(printed.guarantee.level).toBe("serial-equivalent");
    },
  );

  test.skipIf(skip)("both rungs leave the same tree", () => {
    using place = tempDir();
    chmodSync(place.path, 0o777);
    writeFiles(place.path, { "run.sh": { text: "#!/bin/sh\necho hi\n", mode: 0o755 }, "a.txt": "a" });
    if (isRoot) for (const name of ["", "run.sh", "a.txt"]) chownSync(join(place.path, name), uid, uid);
    const { tasks } = runAs(uid, place.path, [
      // A file that is only read is a link where that is the rung; one that may be written never is.
      { id: "names", run: "stat -c %h a.txt run.sh", reads: ["a.txt", "run.sh"], writes: ["run.sh"] },
      {
        id: "copies",
        run: "cp run.sh copy.sh; cp a.txt b.txt",
        reads: ["run.sh", "a.txt"],
        writes: ["copy.sh", "b.txt"],
      },
      { id: "runs", run: "./copy.sh > said.txt", reads: ["copy.sh"], writes: ["said.txt"] },
    ]);
    expect(tasks.names?.output).toBe(rung === "hardlink" ? "2\n1" : "1\n1");
    expect(readTree(place.path)).toEqual([
      'a.txt file 644 "a"',
      'b.txt file 644 "a"',
      'copy.sh file 755 "#!/bin/sh\\necho hi\\n"',
      'run.sh file 755 "#!/bin/sh\\necho hi\\n"',
      'said.txt file 644 "hi\\n"',
    ]);
  });
});

describe.each(["copy", "overlay"] as const)("on %s", (staging) => {
  const user = users().at(-1)!;
  test.skipIf(user.skip)(
    "a task that leaves a folder which its user may not enter fails and says so",
    async () => {
      using place = places(user.uid, { a: "1" });
      const { shared: dir } = place;
      const tasks = [{ id: "shuts", run: "mkdir d && echo x > d/x && chmod 0644 d" }];
      const report = await runWith(user.uid, { dir, tasks, options: { staging } });
      expect(report.workdir.rung).toBe(staging);
      expect(report.tasks.shuts!.failure!.error).toMatchObject({
        code: "DIR_UNUSABLE",
        message: expect.stringMatching(/(\/d cannot be entered|d\/x cannot be read) \(EACCES\)/),
      });
      expect(readTree(dir).filter((line) => !line.startsWith(".sheaf"))).toEqual(['a file 644 "1"']);
    },
  );
});
