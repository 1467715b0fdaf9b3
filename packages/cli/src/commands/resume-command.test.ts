import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism } from "@sheaf/engine";
import { describe, expect, it } from "vitest";
import { type Shell, shell } from "./fixtures/shell.ts";

const plan = (second: string): string => `tasks:
  - { id: a, run: echo one > a.txt, reads: [], writes: [a.txt] }
  - { id: b, run: "${second}", reads: [a.txt], writes: [b.txt] }
`;

const BROKEN = plan("exit 3");
const MENDED = plan("cat a.txt > b.txt");

const write = (here: Shell, path: string, text: string): void => writeFileSync(join(here.path, path), text);
const read = (here: Shell, path: string): string => readFileSync(join(here.path, path), "utf8");

/** A plan below `plans` whose second task fails. */
function broken(): Shell {
  const here = shell({ "plans/plan.yaml": BROKEN, "work/": "" });
  return here;
}

describe("sheaf resume", () => {
  it("goes on with the mended plan, and with what was done before", async () => {
    const here = broken();
    expect((await here.sheaf("run plans/plan.yaml --dir work --quiet --run-id r")).exitCode).toBe(1);
    write(here, "plans/plan.yaml", MENDED);
    const { exitCode, out, err } = await here.sheaf("resume latest --dir work");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^Succeeded: 2 tasks/);
    expect(err).toMatch(/^ +\d+ms +run +resumed +1 task done before\n/m);
    expect(err).toMatch(/^ +[\d.]+m?s +b +committed/m);
    expect(err).not.toMatch(/a +started/);
    expect(read(here, "work/b.txt")).toBe("one\n");
  });

  it("takes the text that was kept where the plan is gone, from standard input too", async () => {
    const here = broken();
    write(here, "gate", "");
    write(here, "plans/plan.yaml", plan(`test -e ${here.path}/open && cat a.txt > b.txt`));
    await here.sheaf("run plans/plan.yaml --dir work --quiet --run-id r");
    rmSync(join(here.path, "plans"), { recursive: true });
    write(here, "open", "");
    expect((await here.sheaf("resume r --dir work --quiet")).exitCode).toBe(0);
    expect(read(here, "work/b.txt")).toBe("one\n");
  });

  it("keeps to the flags of the run, to its agents and to where paths start", async () => {
    const here = shell({
      "plan.yaml":
        "tasks: [{ id: a, reads: [], writes: [] }, { id: b, dependsOn: [a], reads: [], writes: [] }]\n",
      "agent.mjs":
        "import { existsSync } from 'node:fs';\nexport default (task) => { if (task.id === 'b' && !existsSync(new URL('./open', import.meta.url))) throw new Error('shut'); return task.id; };\n",
      "work/": "",
      "elsewhere/": "",
    });
    const args = "run plan.yaml --dir work --agent ./agent.mjs --executor inline --mode sequential --quiet";
    expect((await here.sheaf(args)).exitCode).toBe(1);
    write(here, "open", "");
    const { exitCode, out } = await here.sheaf("resume latest --dir work --json --quiet");
    expect([exitCode, JSON.parse(out).tasks.b.output]).toEqual([0, "b"]);
    const trace = JSON.parse((await here.sheaf("trace latest --dir work --json")).out);
    expect(trace.mode).toBe("sequential");
  });

  it("finds a run under SHEAF_HOME, and by its folder without it", async () => {
    const here = broken();
    const home = join(here.path, "home");
    await here.sheaf("run plans/plan.yaml --dir work --quiet --run-id r", { SHEAF_HOME: home });
    const folder = join(home, readdirSync(home)[0]!, "runs/r");
    write(here, "plans/plan.yaml", MENDED);
    expect((await here.sheaf(`resume ${folder} --quiet`)).exitCode).toBe(0);
    expect(readdirSync(join(home, readdirSync(home)[0]!, "runs"))).toEqual(["r"]);
  });

  it("keeps to the state folder that the run was started with", async () => {
    const here = broken();
    await here.sheaf("run plans/plan.yaml --dir work --quiet --run-id r");
    write(here, "plans/plan.yaml", MENDED);
    const env = { SHEAF_HOME: join(here.path, "other") };
    expect((await here.sheaf("resume work/.sheaf/runs/r --quiet", env)).exitCode).toBe(0);
    expect(readdirSync(here.path)).not.toContain("other");
    expect((await here.sheaf("trace r --dir work")).out).toContain("r");
  });

  it.each([
    ["an unknown run", "resume nope --dir work", /There is no run "nope" under .*Known runs: r\./],
    ["a run of a program", "resume program --dir work", /it was not started by `sheaf run`/],
    ["a run that has succeeded", "resume good --dir work", /all its tasks have succeeded/],
    [
      "a task decided both ways",
      "resume r --dir work --again b --done b",
      /`--again` to be about other tasks/,
    ],
    ["a task that is not in doubt", "resume r --dir work --done b", /no task is in doubt/],
    ["other tasks in the plan", "resume other --dir work", /its tasks were a, b/],
    ["a copied run", "resume copies/r", /it is a copy of the one in .*work\/.sheaf\/runs\/r/],
  ])("refuses %s with exit code 2", async (what, args, message) => {
    const here = broken();
    await here.sheaf("run plans/plan.yaml --dir work --quiet --run-id r");
    if (what === "a run of a program") {
      const dir = join(here.path, "work");
      await executeWithParallelism({ dir, tasks: [{ id: "x" }] }, () => 1, { runId: "program", env: {} });
    }
    write(here, "good.yaml", MENDED);
    if (what.includes("succeeded")) await here.sheaf("run good.yaml --dir work --quiet --run-id good");
    if (what.startsWith("other")) {
      write(here, "other.yaml", BROKEN);
      await here.sheaf("run other.yaml --dir work --quiet --run-id other");
      write(here, "other.yaml", "tasks: [{ id: x, run: ls }]\n");
    }
    cpSync(join(here.path, "work/.sheaf/runs/r"), join(here.path, "copies/r"), { recursive: true });
    const { exitCode, out, err } = await here.sheaf(args);
    expect([exitCode, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
  });

  it("teaches by an example", async () => {
    const here = shell();
    expect((await here.sheaf("resume --help")).out).toContain("$ sheaf resume latest --done send-mail");
  });
});
