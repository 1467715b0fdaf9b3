import { EventEmitter } from "node:events";
import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { type Files, type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.ts";

function captured() {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return { stream, text: () => text };
}

interface Result {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

const made: TempDir[] = [];

afterEach(() => {
  for (const dir of made.splice(0)) dir[Symbol.dispose]();
});

/** A folder and the command line in it. */
function shell(files: Files) {
  const dir = tempDir(files);
  made.push(dir);
  const sheaf = async (args: string, env: Record<string, string> = {}): Promise<Result> => {
    const [stdout, stderr] = [captured(), captured()];
    const exitCode = await runCli(
      args.split(" ").filter((arg) => arg !== ""),
      {
        ...{ stdout: stdout.stream, stderr: stderr.stream, env, cwd: dir.path },
        ...{ process: new EventEmitter(), quit: () => {}, endWith: () => {} },
        keepStdout: () => (text) => void stdout.stream.write(text),
      },
    );
    return { exitCode, out: stdout.text(), err: stderr.text() };
  };
  return { path: dir.path, sheaf };
}

const task = (id: string, run: string, more = "reads: [], writes: []"): string =>
  `  - { id: ${id}, run: "${run}", ${more} }\n`;
const PLAN = `tasks:\n${task("a", "echo zebra > a.txt", "reads: [], writes: [a.txt]")}${task("b", "cat a.txt", "reads: [a.txt], writes: []")}`;

describe("sheaf run", () => {
  it("runs a plan in the current directory, with results on stdout and progress on stderr", async () => {
    const here = shell({ "plan.yaml": PLAN });
    const { exitCode, out, err } = await here.sheaf("run plan.yaml");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^Succeeded: 2 tasks in .*\n\n {2}time /);
    expect(err).toMatch(/a +started\n/);
    expect(err).toMatch(/b +committed +no files, took /);
    expect(readFileSync(join(here.path, "a.txt"), "utf8")).toBe("zebra\n");
  });

  it("says with --verbose, and in a trace, what tasks work on", async () => {
    const here = shell({ "plan.yaml": PLAN });
    const staged = "1 file in the directory; each task works ";
    expect((await here.sheaf("run plan.yaml --verbose")).err).toContain(`run  staged      ${staged}`);
    expect((await here.sheaf("trace")).out).toContain(`staged    ${staged}`);
  });

  it("of a run that is gone on with says what was done before, and of no speed-up", async () => {
    const here = shell({ "plan.yaml": PLAN });
    await here.sheaf("run plan.yaml --quiet --run-id mine");
    const { out } = await here.sheaf("run plan.yaml --quiet --run-id mine");
    expect(out).toContain("reused     2 tasks done in an earlier session or run\n");
    expect(out).not.toMatch(/speed-up|longest/);
  });

  it("prints the report as JSON, outputs included", async () => {
    const here = shell({ "plan.yaml": PLAN });
    const { out, err } = await here.sheaf("run plan.yaml --json --quiet --run-id mine");
    const report = JSON.parse(out);
    expect(report).toMatchObject({ runId: "mine", status: "succeeded", tasks: { b: { output: "zebra" } } });
    expect(err).toBe("");
  });

  it("shows what a failed command said, and exits with 1", async () => {
    const here = shell({
      "plan.yaml": `tasks:\n${task("a", "echo first >&2; echo last >&2; exit 3")}${task("b", "ls", "dependsOn: [a]")}`,
    });
    const { exitCode, out, err } = await here.sheaf("run plan.yaml --quiet");
    expect(exitCode).toBe(1);
    expect(out).toContain("failed     a: exit code 3: last\n");
    expect(out).toContain('skipped    b: it depends on "a", which failed\n');
    expect(out).toMatch(/look at +sheaf trace \//);
    expect(err).toBe("a wrote to stderr:\n  first\n  last\n\n");
  });

  it("takes the directory from the flag, else from the plan, relative to it", async () => {
    const here = shell({ "sub/plan.yaml": `dir: ../work\n${PLAN}`, "work/": "", "other/": "" });
    await here.sheaf("run sub/plan.yaml --quiet");
    expect(readdirSync(join(here.path, "work"))).toContain("a.txt");
    await here.sheaf("run sub/plan.yaml --quiet --dir other");
    expect(readdirSync(join(here.path, "other"))).toContain("a.txt");
  });

  it("lets flags win over the plan's options, and these over the environment", async () => {
    const here = shell({ "plan.yaml": PLAN, "own.yaml": `options: { mode: parallel }\n${PLAN}` });
    const modeOf = async (args: string, env = {}): Promise<string> => {
      await here.sheaf(`run ${args} --quiet`, env);
      return JSON.parse((await here.sheaf("trace --json")).out).mode;
    };
    expect(await modeOf("plan.yaml")).toBe("auto");
    expect(await modeOf("plan.yaml", { SHEAF_EXECUTION_MODE: "sequential" })).toBe("sequential");
    expect(await modeOf("own.yaml", { SHEAF_EXECUTION_MODE: "sequential" })).toBe("parallel");
    expect(await modeOf("own.yaml --mode auto", { SHEAF_EXECUTION_MODE: "sequential" })).toBe("auto");
  });

  it("cancels a run in good order on Ctrl-C", async () => {
    const here = shell({ "plan.yaml": `tasks:\n${task("a", "sleep 60")}` });
    const [stdout, stderr] = [captured(), captured()];
    const signals = new EventEmitter();
    const ended = runCli(["run", "plan.yaml"], {
      ...{ stdout: stdout.stream, stderr: stderr.stream, env: {}, cwd: here.path },
      ...{ process: signals, quit: () => {}, endWith: () => {} },
      keepStdout: () => (text) => void stdout.stream.write(text),
    });
    await expect.poll(() => stderr.text()).toContain("a    started");
    signals.emit("SIGINT");
    expect(await ended).toBe(130);
    expect(stderr.text()).toContain("Stopping; what is committed stays.");
    expect(stdout.text()).toMatch(/^Cancelled: 0 of 1 task succeeded, 1 cancelled/);
  });

  it.each([
    ["run nope.yaml", "The plan nope.yaml cannot be read: there is no such file."],
    ["run folder", "The plan folder cannot be read: it is a folder."],
    [
      "run latin.yaml",
      "error: latin.yaml:1:1: this is not text in UTF-8 (byte FF); save the file as UTF-8.\n",
    ],
    ["run cut.json", 'error: cut.json:1:29: this is not JSON: it ends too early; missing closing quote ".'],
    ["run deep.yaml", "this is nested too deeply to be read."],
    ["run deep.json", "this is nested too deeply to be read."],
    [
      "run deep-input.json",
      "plain data that can be copied (it is nested more than 500 levels deep), got [[[",
    ],
    ["run infinite.yaml", "(a whole number from 1 to 10000), got Infinity."],
    ["run plan.yaml --dir nope", "/nope cannot be used: there is no such folder"],
    ["run plan.yaml --workers 0", "Expected `--workers` to be"],
    ["run plan.yaml --agent x=nope.mjs", "nope.mjs cannot be used: there is no such file."],
    ["run plan.yaml --run-id ../x", 'The run id "../x" cannot be used'],
    ["run plan.yaml --nope", "unknown option '--nope'"],
    ["run", "missing required argument 'plan'"],
    ["rum plan.yaml", "(Did you mean run?)"],
    ["plan.yaml", "To run this plan: sheaf run plan.yaml"],
    ["run cycle.yaml", "cycle.yaml:2:36: Tasks wait for each other: a -> b -> a."],
    ["run self.yaml", 'self.yaml:2:36: Task "a" depends on itself.'],
    [
      "run late.yaml",
      'late.yaml:2:19: Task "a": expected `run` to be a text that takes only outputs of earlier',
    ],
    [
      "run nobody.yaml",
      'nobody.yaml:2:19: Task "a": expected `run` to be a text that takes only outputs of tasks',
    ],
    ["run effects.yaml", 'effects.yaml:2:48: Task "a": expected `retries` to be 0 beside `effects`'],
    ["run nowhere.yaml", "nowhere.yaml:1:6: The directory"],
    ["run module.yaml", "module.yaml:1:16: The agent module"],
    ["run two.yaml", "error: two.yaml:3:9: tasks[1].id: expected text, got 2."],
    ["plan nul.yaml", "error: nul.yaml:2:19: tasks[0].run: expected a shell command without NUL characters"],
    ["trace nope", 'There is no run "nope"'],
    ["plan plan.yaml --dot --json", "cannot be used with option"],
  ])("of `sheaf %s` says what is wrong, in a sentence, and exits with 2", async (args, message) => {
    const here = shell({
      "plan.yaml": PLAN,
      "folder/": "",
      "latin.yaml": { text: Buffer.from("FF", "hex") as unknown as string, mode: 0o644 },
      "cut.json": '{"tasks":[{"id":"a","run":"l',
      "deep.yaml": `tasks: ${"[".repeat(20_000)}`,
      "deep.json": `{"tasks":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
      "deep-input.json": `{"tasks":[{"id":"a","run":"ls","input":${"[".repeat(501)}${"]".repeat(501)}}]}`,
      "infinite.yaml": `options: { maxWorkers: .inf }\n${PLAN}`,
      "cycle.yaml": `tasks:\n${task("a", "ls", "dependsOn: [b]")}${task("b", "ls", "dependsOn: [a]")}`,
      "self.yaml": `tasks:\n${task("a", "ls", "dependsOn: [a]")}`,
      "late.yaml": "tasks:\n  - { id: a, run: 'echo ${b.output}' }\n  - { id: b, run: ls }\n",
      "nobody.yaml": "tasks:\n  - { id: a, run: 'echo ${nope.output}' }\n",
      "effects.yaml": `tasks:\n${task("a", "ls", "effects: [x], retries: 1")}`,
      "nowhere.yaml": `dir: nowhere\n${PLAN}`,
      "module.yaml": `agents: { eng: nope.mjs }\n${PLAN}`,
      "nul.yaml": 'tasks:\n  - { id: a, run: "echo \\0 x" }\n',
      "two.yaml": "tasks:\n  - { id: 1 }\n  - id: 2\n",
    });
    const { exitCode, out, err } = await here.sheaf(args);
    expect(err).toContain(message);
    expect(err).toMatch(/^error: /);
    expect(err.match(/this is /g)?.length ?? 1).toBe(1);
    expect(err).not.toMatch(/\n\s+at /);
    expect([exitCode, out]).toEqual([2, ""]);
  });

  it.each([
    ["a file", "/etc/passwd", "`SHEAF_HOME` to be a folder that can be made and written to"],
    ["below a file", "/dev/null/x", "(/dev/null is not a folder; name another"],
    ["where nobody can make folders", "/proc/x", "(/proc/x cannot be made: ENOENT; name another"],
    ["in the shared directory", "./state", "`SHEAF_HOME` to be a folder outside of the shared directory"],
  ])("refuses a home that is %s", async (_what, home, message) => {
    const here = shell({ "plan.yaml": PLAN });
    const env = { SHEAF_HOME: home.startsWith("/") ? home : join(here.path, home) };
    const { exitCode, out, err } = await here.sheaf("run plan.yaml", env);
    expect(err).toContain(message);
    expect(err).not.toContain("--debug");
    expect([exitCode, out]).toEqual([2, ""]);
    expect(readdirSync(here.path)).toEqual(["plan.yaml"]);
  });

  it("takes a home in the state folder of the shared directory, where no task sees it", async () => {
    const here = shell({ "plan.yaml": PLAN });
    const env = { SHEAF_HOME: join(here.path, ".sheaf", "home") };
    expect((await here.sheaf("run plan.yaml --quiet", env)).exitCode).toBe(0);
  });

  it("knows a home in the shared directory by whatever link it is reached", async () => {
    const here = shell({ "plan.yaml": PLAN, "work/": "" });
    symlinkSync(join(here.path, "work"), join(here.path, "linked"));
    const env = { SHEAF_HOME: join(here.path, "linked", "state") };
    expect((await here.sheaf("run plan.yaml --dir work", env)).err).toContain(
      "outside of the shared directory",
    );
  });

  it.each([
    ["bad", "1:16", "bad.mjs cannot be used: no luck"],
    ["none", "1:33", 'some.mjs cannot be used: it exports no agent as "nope" (it exports fit, other).'],
    ["typed", "1:59", 'typed.ts cannot be used: it exports no agent as "default" (it exports fit).'],
  ])("tells where the plan names the agent %s that cannot be used", async (agent, place, message) => {
    const here = shell({
      "plan.yaml": `agents: { bad: ./bad.mjs, none: "./some.mjs#nope", typed: ./typed.ts, fit: "./some.mjs#fit" }\ntasks: [{ id: a, agent: ${agent} }, { id: b, agent: fit }]\n`,
      "bad.mjs": "throw new Error('no luck');\n",
      "some.mjs": "export const fit = () => 1;\nexport const other = 1;\n",
      "typed.ts": "export const fit = (): number => 1;\n",
    });
    const { exitCode, err } = await here.sheaf("run plan.yaml --quiet");
    expect(err).toBe(`error: plan.yaml:${place}: The agent module ${here.path}/${message}\n`);
    expect(exitCode).toBe(2);
  });

  it("tells all at once what is wrong with a plan: form, ids, agents, order and references", async () => {
    const plan = [
      "agents: { gone: ./gone.mjs }",
      "tasks:",
      "  - { id: a, run: ls, timeoutMs: -1, dependsOn: [z, '7'] }",
      "  - { id: b, run: 'echo ${x.output} ${b.output}', effects: [mail], retries: 1 }",
      "  - { id: b, agent: gone, input: { deep: [1, 'see ${y.output}'] } }",
      "  - { id: 7, agent: who }",
    ].join("\n");
    const { exitCode, err } = await shell({ "plan.yaml": plan }).sheaf("run plan.yaml");
    expect(exitCode).toBe(2);
    const places = err
      .trim()
      .split("\n")
      .map((line) => line.replace(/^error: plan\.yaml:(\S+): .*$/, "$1"));
    expect(places).toEqual(["1:17", "3:34", "3:50", "4:19", "4:19", "4:77", "5:11", "5:46", "6:11", "6:21"]);
  });

  it("of tasks that wait for each other still tells what else is wrong", async () => {
    const plan = `tasks:\n${task("a", "ls", "dependsOn: [b]")}${task("b", "echo ${x.output}", "dependsOn: [a]")}`;
    const { err } = await shell({ "plan.yaml": plan }).sheaf("plan plan.yaml");
    expect(err).toMatch(/^error: plan\.yaml:2:36: Tasks wait for each other/);
    expect(err).toMatch(/\nerror: plan\.yaml:3:19: Task "b": expected `run`/);
  });

  it("lists at most twenty problems of a plan", async () => {
    const here = shell({ "plan.yaml": `tasks:\n${"  - { id: 1, run: ls }\n".repeat(25)}` });
    const { err } = await here.sheaf("run plan.yaml");
    expect(err.match(/^error: plan\.yaml:/gm)).toHaveLength(20);
    expect(err).toMatch(/\nand 5 more\n$/);
  });

  it("of a bad variable names the variable, and of a run id taken by other tasks the run", async () => {
    const here = shell({ "plan.yaml": PLAN, "other.yaml": `tasks:\n${task("c", "ls")}` });
    expect((await here.sheaf("run plan.yaml", { SHEAF_MAX_WORKERS: "x" })).err).toContain(
      "`SHEAF_MAX_WORKERS`",
    );
    await here.sheaf("run plan.yaml --quiet --run-id mine");
    const again = await here.sheaf("run other.yaml --quiet --run-id mine");
    expect(again).toMatchObject({ exitCode: 2, out: "" });
    expect(again.err).toContain('There already is a run "mine"');
  });

  it("with the id of an earlier run goes on with that one, and says so", async () => {
    const here = shell({ "plan.yaml": PLAN });
    await here.sheaf("run plan.yaml --quiet --run-id mine");
    const again = await here.sheaf("run plan.yaml --quiet --run-id mine");
    expect(again.exitCode).toBe(0);
    expect(again.out).toContain("reused     2 tasks done in an earlier session or run");
  });
});

describe("sheaf plan", () => {
  it("shows levels, critical path, and what each dependency rests on, and runs nothing", async () => {
    const here = shell({ "plan.yaml": PLAN });
    const { exitCode, out } = await here.sheaf("plan plan.yaml");
    expect(exitCode).toBe(0);
    expect(out).toContain("Levels\n  1  a\n  2  b\n");
    expect(out).toContain("a > b  files file  sure  writes a.txt, read as a.txt");
    expect(readdirSync(here.path)).toEqual(["plan.yaml"]);
  });

  it("writes DOT, Mermaid and JSON", async () => {
    const here = shell({ "plan.yaml": PLAN });
    expect((await here.sheaf("plan plan.yaml --dot")).out).toMatch(/^digraph tasks \{/);
    expect((await here.sheaf("plan plan.yaml --mermaid")).out).toMatch(/^flowchart TD/);
    expect(JSON.parse((await here.sheaf("plan plan.yaml --json")).out)).toMatchObject({
      order: ["a", "b"],
      levels: [["a"], ["b"]],
      durationsMs: null,
      edges: [{ from: "a", to: "b", source: "files" }],
    });
  });

  it("needs no agents for a planner's answer, but says which a run would need", async () => {
    const here = shell({
      "answer.json": '{"sub_tasks":[{"sub_task":"x","sub_task_agent":"eng"},{"sub_task":"y"}]}',
    });
    const { exitCode, out } = await here.sheaf("plan answer.json");
    expect(exitCode).toBe(0);
    expect(out).toContain("Nobody named a module for: eng.");
    expect(out).toContain("Nothing does: step-2.");
    expect(out).not.toContain("stand-in");
    expect(JSON.parse((await here.sheaf("plan answer.json --json")).out).warnings).toHaveLength(2);
  });

  it("warns of a module that cannot be used, also where other agents are missing", async () => {
    const here = shell({
      "plan.yaml":
        "agents: { bad: ./bad.mjs }\ntasks: [{ id: a, agent: bad }, { id: b, agent: who }, { id: c }]\n",
      "bad.mjs": "throw new Error('no luck');\n",
    });
    const { exitCode, out } = await here.sheaf("plan plan.yaml");
    expect(exitCode).toBe(0);
    expect(out.replace(/\s+/g, " ")).toContain("bad.mjs cannot be used: no luck");
    expect(out).toContain("Nobody named a module for: who.");
    expect(out).toContain("Nothing does: c.");
  });
});

describe("sheaf trace", () => {
  it("shows a run task by task, by id, by the beginning of it, as the latest, or by its folder", async () => {
    const here = shell({ "plan.yaml": PLAN });
    await here.sheaf("run plan.yaml --quiet --run-id first-run");
    await here.sheaf("run plan.yaml --quiet --run-id second-run");
    const runOf = async (args: string) => (await here.sheaf(`trace ${args}`)).out.split(" ")[0];
    expect(await runOf("first-run")).toBe("first-run");
    expect(await runOf("fir")).toBe("first-run");
    expect(await runOf("")).toBe("second-run");
    expect(await runOf(`${here.path}/.sheaf/runs/first-run`)).toBe("first-run");
    const { out } = await here.sheaf("trace first");
    expect(out).toMatch(/\na {2}committed\n +\d+ms {2}attempt 1 +command, process\n/);
    expect(out).toMatch(/succeeded +after .*output: text of 5 characters/);
    expect(out).not.toContain("zebra");
  });

  it("names the runs that there are when it is not clear which is meant", async () => {
    const here = shell({ "plan.yaml": PLAN });
    await here.sheaf("run plan.yaml --quiet --run-id run-1");
    await here.sheaf("run plan.yaml --quiet --run-id run-2");
    expect(await here.sheaf("trace run")).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/Known runs: run-2, run-1\.\n$/),
    });
  });

  it("finds the runs of a home", async () => {
    const here = shell({ "plan.yaml": PLAN, "home/": "", "work/": "" });
    const env = { SHEAF_HOME: join(here.path, "home") };
    await here.sheaf("run plan.yaml --quiet --run-id mine --dir work", env);
    expect((await here.sheaf("trace --dir work", env)).out).toMatch(/^mine /);
  });
});

describe("sheaf", () => {
  it("explains itself", async () => {
    const here = shell({});
    const help = await here.sheaf("--help");
    expect(help).toMatchObject({ exitCode: 0, err: "" });
    expect(help.out).toContain("sheaf run plan.yaml");
    expect((await here.sheaf("run --help")).out).toContain("$schema=./node_modules/sheaf/plan.schema.json");
    expect((await here.sheaf("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await here.sheaf("")).toMatchObject({ exitCode: 2, out: "" });
  });
});
