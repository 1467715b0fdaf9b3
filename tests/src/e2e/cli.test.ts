// The compiled command, as users start it.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tempDir } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";

const BIN = fileURLToPath(new URL("../../../packages/cli/bin/sheaf.js", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const ENV = { PATH: process.env.PATH, HOME: process.env.HOME };

interface StartOptions {
  readonly cwd: string;
  readonly bin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function start(args: readonly string[], { cwd, bin = BIN, env = {} }: StartOptions) {
  const child = spawn(process.execPath, [bin, ...args], { cwd, env: { ...ENV, ...env } });
  return { child, ended: collect(child) };
}

async function collect(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out, err };
}

/** Resolves once the process has written this to stderr. */
function says(child: ChildProcessWithoutNullStreams, text: string): Promise<void> {
  let seen = "";
  return new Promise((resolve) => {
    child.stderr.on("data", (chunk) => {
      seen += chunk;
      if (seen.includes(text)) resolve();
    });
  });
}

const PLAN = `
tasks:
  - { id: a, run: "echo one > a.txt", reads: [], writes: [a.txt] }
  - { id: b, run: "cat a.txt", reads: [a.txt], writes: [] }
`;

describe("the command", () => {
  it("runs through a link, in whatever folder it is called", async () => {
    using dir = tempDir({ "plan.yaml": PLAN });
    symlinkSync(BIN, join(dir.path, "linked"));
    const { ended } = start(["run", "plan.yaml"], { cwd: dir.path, bin: join(dir.path, "linked") });
    const { code, out, err } = await ended;
    expect([code, out.split(":")[0]]).toEqual([0, "Succeeded"]);
    expect(err).toMatch(/^ +\S+ {2}run +planned/);
    expect(readFileSync(join(dir.path, "a.txt"), "utf8")).toBe("one\n");
  });

  it("does tasks by agents in JavaScript and TypeScript modules, in threads", async () => {
    using dir = tempDir({
      "plan.yaml": `
agents: { shout: ./shout.ts#shout }
tasks:
  - { id: first, agent: shout, input: hello, reads: [], writes: [shout.txt] }
  - { id: second, dependsOn: [first], reads: [], writes: [] }
`,
      "shout.ts": `
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
export const shout = async (task: { input: string }, ctx: { dir: string }): Promise<Map<string, bigint>> => {
  await writeFile(join(ctx.dir, "shout.txt"), task.input.toUpperCase());
  return new Map([["letters", BigInt(task.input.length)]]);
};
`,
      "rest.mjs": "export default (task, ctx) => ctx.inputs.first.get('letters') * 2n;\n",
    });
    const args = ["run", "plan.yaml", "--agent", "./rest.mjs", "--json", "--quiet"];
    const { code, out, err } = await start(args, { cwd: dir.path }).ended;
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out).tasks).toMatchObject({
      first: { output: { letters: "5" } },
      second: { output: "10" },
    });
    expect(readFileSync(join(dir.path, "shout.txt"), "utf8")).toBe("HELLO");
  });

  it("reads a plan from standard input", async () => {
    using dir = tempDir();
    const { child, ended } = start(["run", "-", "--quiet"], { cwd: dir.path });
    child.stdin.end(PLAN);
    expect((await ended).out).toMatch(/^Succeeded: 2 tasks/);
  });

  it("goes on when nobody reads what it writes", async () => {
    using dir = tempDir({ "plan.yaml": PLAN });
    const { child, ended } = start(["run", "plan.yaml"], { cwd: dir.path });
    child.stdout.destroy();
    child.stderr.destroy();
    expect((await ended).code).toBe(0);
    expect(readFileSync(join(dir.path, "a.txt"), "utf8")).toBe("one\n");
  });

  it("ends in good order on Ctrl-C, and says that it was cancelled", async () => {
    using dir = tempDir({ "plan.yaml": "tasks:\n  - { id: slow, run: sleep 60, reads: [], writes: [] }\n" });
    const { child, ended } = start(["run", "plan.yaml"], { cwd: dir.path });
    await says(child, "slow  started");
    child.kill("SIGINT");
    const { code, out, err } = await ended;
    expect(code).toBe(130);
    expect(err).toContain("Stopping; what is committed stays.");
    expect(out).toMatch(/^Cancelled: 0 of 1 task succeeded/);
  });

  it("exits although an agent of this thread leaves a timer behind", async () => {
    using dir = tempDir({
      "plan.yaml": "tasks: [{ id: a }]\n",
      "agent.mjs": "export default () => void setInterval(() => {}, 1000);\n",
    });
    const args = ["run", "plan.yaml", "--agent", "agent.mjs", "--executor", "inline", "--quiet"];
    expect((await start(args, { cwd: dir.path }).ended).code).toBe(0);
  });

  it.each([0, 3])("fails when an agent of this thread ends the process with code %i", async (code) => {
    using dir = tempDir({
      "plan.yaml": "tasks: [{ id: a }, { id: b }]\n",
      "agent.mjs": `export default (task) => void (task.id === "b" && process.exit(${code}));\n`,
    });
    const args = ["run", "plan.yaml", "--agent", "agent.mjs", "--executor", "inline", "--run-id", "mine"];
    const ended = await start(args, { cwd: dir.path }).ended;
    expect([ended.code, ended.out]).toEqual([1, ""]);
    expect(ended.err).toContain(
      "\nerror: Run mine was cut off: this process was ended before the run was over",
    );
  });

  it("with --json keeps what agents of this thread print out of the JSON", async () => {
    using dir = tempDir({
      "plan.yaml": "tasks: [{ id: a }]\n",
      "agent.mjs":
        "export default () => { console.log('noise'); process.stdout.write('more'); return 7; };\n",
    });
    const args = ["run", "plan.yaml", "--agent", "agent.mjs", "--executor", "inline", "--quiet"];
    const { code, out, err } = await start([...args, "--json"], { cwd: dir.path }).ended;
    expect([code, err]).toEqual([0, "noise\nmore"]);
    expect(JSON.parse(out).tasks.a.output).toBe(7);
    expect((await start(args, { cwd: dir.path }).ended).out).toMatch(/^noise\nmoreSucceeded/);
  });

  it("says that its output could not be written", async () => {
    using dir = tempDir({ "plan.yaml": PLAN });
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [BIN, "run", "plan.yaml", "--quiet"], {
      ...{ cwd: dir.path, env: ENV, stdio: ["ignore", full, "pipe"] },
    });
    closeSync(full);
    let err = "";
    child.stderr?.on("data", (chunk) => {
      err += chunk;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(err).toBe("error: The output could not be written: the disk is full (ENOSPC).\n");
    expect(code).toBe(1);
    expect(readFileSync(join(dir.path, "a.txt"), "utf8")).toBe("one\n");
  });

  // How many files Node has open while it loads modules differs from version to version.
  it.each([40, 64, 128])(
    "plans where it may open only %i files, or says that these are too few",
    async (limit) => {
      using dir = tempDir({ "plan.yaml": PLAN });
      const command = `ulimit -n ${limit}; exec "$@"`;
      const child = spawn("sh", ["-c", command, "sh", process.execPath, BIN, "plan", "plan.yaml"], {
        ...{ cwd: dir.path, env: ENV },
      });
      const { code, out, err } = await collect(child);
      if (code === 0) expect(out).toContain("Levels");
      else {
        expect(err).toMatch(/^error: This process may not open enough files .*`ulimit -n 1024`\.\n$/);
        expect([code, out]).toEqual([2, ""]);
      }
    },
  );

  it("commits what a task added to more files than it may open at once", async () => {
    const adds = "mkdir logs; for i in $(seq 600); do echo x >> logs/$i; done";
    const plan = { options: { policies: { logs: "append" } }, tasks: [{ id: "a", run: adds }] };
    using dir = tempDir({ "plan.json": JSON.stringify(plan) });
    const run = ["sh", process.execPath, BIN, "run", "plan.json"];
    const child = spawn("sh", ["-c", 'ulimit -n 1024; exec "$@"', ...run], { cwd: dir.path, env: ENV });
    expect(await collect(child)).toMatchObject({ code: 0 });
    expect(readdirSync(join(dir.path, "logs"))).toHaveLength(600);
  });

  it.each([
    ["in the directory", {}, "failed     b: "],
    ["elsewhere", { SHEAF_HOME: "home" }, "failed     c: "],
  ])(
    "reports on tasks that ran when one of them removed the directory, with the state %s",
    async (_where, env, failed) => {
      using dir = tempDir({ "work/": "", "home/": "" });
      const shared = join(dir.path, "work");
      writeFileSync(
        join(dir.path, "plan.yaml"),
        `
tasks:
  - { id: a, run: "echo one > a.txt", reads: [], writes: [a.txt] }
  - { id: b, run: "rm -rf '${shared}'", dependsOn: [a] }
  - { id: c, run: "echo two > c.txt", reads: [], writes: [c.txt], dependsOn: [b] }
`,
      );
      const home = Object.fromEntries(Object.entries(env).map(([name, at]) => [name, join(dir.path, at)]));
      // Where a view is a mount inside it, the directory cannot be removed as a whole.
      const copies = { SHEAF_STAGING: "copy" };
      const args = ["run", "plan.yaml", "--dir", "work", "--quiet"];
      const { code, out, err } = await start(args, { cwd: dir.path, env: { ...home, ...copies } }).ended;
      expect([code, err]).toEqual([1, ""]);
      expect(out).toMatch(/^Failed: \d of 3 tasks succeeded/);
      expect(out.replace(/\s+/g, " ")).toContain(
        `fault The directory ${shared} cannot be used: it is no longer there.`,
      );
      expect(out).toContain(failed);
      expect(out.replace(/\s+/g, " ")).toContain("guarantee void: the directory could not be checked");
      expect(out).not.toContain("ENOENT: ");
      expect(existsSync(shared)).toBe(false);
    },
  );

  it("never shows where in the code a user's mistake was found", async () => {
    using dir = tempDir({ "plan.yaml": "tasks:\n  - { id: 1, run: ls }\n" });
    const { code, out, err } = await start(["run", "plan.yaml"], { cwd: dir.path }).ended;
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe('error: plan.yaml:2:11: tasks[0].id: expected text, got 1. Put it in quotes: "1".\n');
  });
});
