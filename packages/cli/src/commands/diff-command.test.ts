import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism } from "@sheaf/engine";
import { describe, expect, it } from "vitest";
import { type Shell, shell } from "./fixtures/shell.ts";

const FILES = {
  "work/in": "one\ntwo\nthree\n",
  "work/old": "old\n",
  "work/script": "echo\n",
  "work/bytes": "\0\x01",
};

const WRITES =
  "sed -i s/two/2/ in; rm old; mkdir sub; echo new > sub/new; ln -s in link; chmod 755 script; cat in >> bytes";

const plan = (last: string): string => `tasks:
  - { id: edit, run: "${WRITES}", reads: [in, old, script, bytes], writes: [in, old, sub, link, script, bytes] }
  - { id: look, run: "cat in", reads: [in], writes: [] }
  - { id: last, run: "${last}", reads: [], writes: [] }
`;

async function ran(last: string): Promise<Shell> {
  const here = shell({ ...FILES, "plan.yaml": plan(last) });
  await here.sheaf("run plan.yaml --dir work --quiet --run-id r");
  return here;
}

const waitFor = (seen: () => boolean): Promise<void> => expect.poll(seen).toBe(true) as Promise<void>;

describe("sheaf diff", () => {
  it("shows what each task read and wrote, by unified diffs where it is text", async () => {
    const here = await ran("exit 1");
    const { exitCode, out } = await here.sheaf("diff latest --dir work");
    expect(exitCode).toBe(0);
    expect(out).toBe(`edit  attempt 1, committed
  read   in, old, script, bytes, sub, link
  - old  4 B
      @@ -1,1 +0,0 @@
      -old
  + sub/
  ~ bytes  2 B -> 14 B
      (not text)
  ~ in  14 B -> 12 B
      @@ -1,3 +1,3 @@
       one
      -two
      +2
       three
  + link  link to in
  ~ script  5 B, mode 644 -> 755
  + sub/new  4 B
      @@ -0,0 +1,1 @@
      +new

look  attempt 1, committed
  read   in
  wrote  nothing

last  attempt 1, did not succeed; what it wrote was dropped
  read   what it read was not kept
  wrote  nothing
`);
  });

  it("shows one task, and refuses one that did nothing", async () => {
    const here = await ran("exit 1");
    expect((await here.sheaf("diff r look --dir work")).out).toMatch(/^look .*\n.*\n {2}wrote {2}nothing\n$/);
    const { exitCode, err } = await here.sheaf("diff r nobody --dir work");
    expect(exitCode).toBe(2);
    expect(err).toContain("`task` to be a task of the run with an attempt that ended (edit, look, last)");
  });

  it("shows of a run that succeeded what the directory still holds, and says what is gone", async () => {
    const here = await ran("true");
    const { out } = await here.sheaf("diff r edit --dir work");
    expect(out).toContain("  + sub/new  4 B\n      @@ -0,0 +1,1 @@\n      +new\n");
    expect(out).toMatch(/ {2}~ in {2}14 B -> 12 B\n {6}\(its bytes are gone: /);
    writeFileSync(join(here.path, "work/sub/new"), "not\n");
    expect((await here.sheaf("diff r edit --dir work")).out).toMatch(
      / {2}\+ sub\/new {2}4 B\n {6}\(its bytes/,
    );
  });

  it("falls back to the paths in the journal", async () => {
    const here = await ran("true");
    for (const folder of ["commits", "executions"])
      rmSync(join(here.path, "work/.sheaf/runs/r", folder), { recursive: true });
    const { out } = await here.sheaf("diff r edit --dir work");
    expect(out).toContain("  ~ in\n");
    expect(out).toContain("Only the paths are kept");
  });

  it("knows of a commit that a kill left no time to tell of", async () => {
    const here = await ran("exit 1");
    const told = await here.sheaf("diff latest edit --dir work");
    const journal = join(here.path, "work/.sheaf/runs/r/journal.ndjson");
    const text = readFileSync(journal, "utf8");
    writeFileSync(journal, text.slice(0, text.lastIndexOf("\n", text.indexOf('"task.committed"')) + 1));
    expect((await here.sheaf("diff latest edit --dir work")).out).toBe(told.out);
  });

  it("shows at most 200 lines of a file", async () => {
    const here = shell({
      "work/": "",
      "plan.yaml": "tasks: [{ id: a, run: seq 1000 > many, reads: [], writes: [many] }]\n",
    });
    await here.sheaf("run plan.yaml --dir work --quiet");
    const { out } = await here.sheaf("diff latest --dir work");
    expect(out).toContain("      +199\n      and 801 more lines\n");
    const [task] = JSON.parse((await here.sheaf("diff latest --dir work --json")).out).tasks;
    expect(task.changes[0]).toMatchObject({ sign: "+", path: "many", before: null, after: { size: 3893 } });
    expect([task.changes[0].diff.lines.length, task.changes[0].diff.more]).toEqual([200, 801]);
  });

  it("shows what has finished and is not committed, on top of what finished before it", async () => {
    const here = shell({ "work/log": "start\n" });
    const dir = join(here.path, "work");
    const kept = (id: string): boolean => existsSync(join(dir, `.sheaf/runs/r/executions/${id}.1.json`));
    const tasks = [
      { id: "slow", reads: [], writes: ["x"] },
      { id: "early", reads: ["log"], writes: ["log"] },
      { id: "later", dependsOn: ["early"], reads: ["log"], writes: ["log"] },
    ];
    const run = executeWithParallelism(
      { dir, tasks },
      async (task, ctx) => {
        if (task.id === "slow") {
          await waitFor(() => kept("later"));
          run.cancel("enough");
          return;
        }
        appendFileSync(join(ctx.dir, "log"), `${task.id}\n`);
      },
      { runId: "r", env: {}, useLlmDeps: false, maxWorkers: 3 },
    );
    expect((await run).status).toBe("cancelled");
    expect(readFileSync(join(dir, "log"), "utf8")).toBe("start\n");
    const { out } = await here.sheaf("diff r --dir work");
    expect(out).toContain("early  attempt 1, finished, not committed");
    expect(out).toMatch(
      /later .*\n.*\n {2}~ log {2}12 B -> 18 B\n {6}@@ .*\n {7}start\n {7}early\n {6}\+later\n/,
    );
  });

  it("tells which task ran again, and whose change it had missed", async () => {
    const here = shell({ "work/a": "old\n" });
    const dir = join(here.path, "work");
    let hasRead = (): void => {};
    const read = new Promise<void>((resolve) => {
      hasRead = resolve;
    });
    await executeWithParallelism(
      {
        dir,
        tasks: [
          { id: "writes", writes: ["a"], reads: [] },
          { id: "reads", reads: ["a"], writes: ["b"] },
        ],
      },
      async (task, ctx) => {
        if (task.id === "reads") {
          writeFileSync(join(ctx.dir, "b"), readFileSync(join(ctx.dir, "a")));
          hasRead();
        } else {
          await read;
          writeFileSync(join(ctx.dir, "a"), "new\n");
        }
      },
      { runId: "r", env: {}, mode: "parallel", maxWorkers: 2 },
    );
    const { out } = await here.sheaf("diff r --dir work");
    expect(out).toContain("reads  attempt 2, committed\n");
    expect(out).toContain(
      'Conflicts\n  reads  attempt 1 had read a, which "writes" changed, and ran again as attempt 2\n',
    );
    expect((await here.sheaf("diff r writes --dir work")).out).toContain("reads  attempt 1 had read a");
  });

  it("teaches by an example", async () => {
    const here = shell();
    expect((await here.sheaf("diff --help")).out).toContain("$ sheaf diff latest fit");
  });
});
