// The command is killed in the middle of a run, and another one goes on with it.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTree, tempDir } from "@sheaf/testkit";
import { describe, expect, test, vi } from "vitest";

const BIN = fileURLToPath(new URL("../../../packages/cli/bin/sheaf.js", import.meta.url));
const ENV = { PATH: process.env.PATH, HOME: process.env.HOME };
const PATIENCE = { timeout: 30_000, interval: 20 };

function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...ENV, ...env } });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk) => {
    said.out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said.err += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, said, ended };
}

/** Each task notes outside of the directory that it began; `slow` and `pay` wait for a file. */
const PLAN = `
tasks:
  - { id: first, run: 'echo first >> "$LOG"; tr a-z A-Z < in > first', reads: [in], writes: [first] }
  - id: slow
    run: 'echo slow >> "$LOG"; until [ -e "$GATE" ]; do sleep 0.02; done; cat first first > slow; rm in'
    reads: [first, in]
    writes: [slow, in]
  - { id: quick, run: 'echo quick >> "$LOG"; wc -c < other > quick', reads: [other], writes: [quick] }
  - { id: last, run: 'echo last >> "$LOG"; cat slow quick > out/last', reads: [slow, quick, out], writes: [out] }
`;

const FILES = { in: "some text\n", other: "12345", "out/kept": "before\n" };

function place(plan: string) {
  const dir = tempDir({ ...prefixed("work", FILES), "plan.yaml": plan, log: "" });
  const at = (path: string): string => join(dir.path, path);
  const env = { LOG: at("log"), GATE: at("gate") };
  const sheaf = (...args: readonly string[]) => start([...args, "--dir", at("work")], env);
  const log = (): readonly string[] => readFileSync(at("log"), "utf8").trim().split("\n");
  const stateHas = (path: string): boolean => {
    const runs = at("work/.sheaf/runs");
    return existsSync(runs) && readdirSync(runs).some((run) => existsSync(join(runs, run, path)));
  };
  return {
    at,
    sheaf,
    log,
    stateHas,
    open: () => writeFileSync(at("gate"), ""),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

const prefixed = (folder: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));

async function killedWhen(run: ReturnType<typeof start>, seen: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(seen()).toBe(true), PATIENCE);
  run.child.kill("SIGKILL");
  await run.ended;
}

describe("a killed `sheaf run`", () => {
  test("`sheaf resume latest` leaves what an uninterrupted run leaves, and does only what is missing", async () => {
    using whole = place(PLAN);
    whole.open();
    const uninterrupted = whole.sheaf("run", whole.at("plan.yaml"));
    expect(await uninterrupted.ended).toBe(0);

    using cut = place(PLAN);
    const killed = cut.sheaf("run", cut.at("plan.yaml"), "--workers", "3");
    const kept = (task: string): boolean => cut.stateHas(`executions/${task}.1.json`);
    await killedWhen(
      killed,
      () => existsSync(cut.at("work/first")) && cut.log().includes("slow") && kept("quick"),
    );
    expect([...cut.log()].sort()).toEqual(["first", "quick", "slow"]);
    cut.open();
    const resumed = cut.sheaf("resume", "latest");
    expect(await resumed.ended).toBe(0);
    expect(resumed.said.out).toMatch(/^Succeeded: 4 tasks/);
    expect(readTree(cut.at("work"))).toEqual(readTree(whole.at("work")));
    expect(cut.log().slice(3)).toEqual(["slow", "last"]);
  });

  test("a task with effects that it had begun is for a person to decide about", async () => {
    const pay = `  - { id: pay, effects: [money], run: 'echo pay >> "$LOG"; until [ -e "$GATE" ]; do sleep 0.02; done', reads: [], writes: [] }\n`;
    using cut = place(
      `tasks:\n${pay}  - { id: after, run: echo paid > after, reads: [], writes: [after] }\n`,
    );
    await killedWhen(cut.sheaf("run", cut.at("plan.yaml")), () => cut.log().includes("pay"));
    cut.open();
    const asks = cut.sheaf("resume", "latest");
    expect(await asks.ended).toBe(2);
    expect(asks.said.err).toMatch(/--again pay .*--done pay /);
    const done = cut.sheaf("resume", "latest", "--done", "pay");
    expect(await done.ended).toBe(0);
    expect(cut.log()).toEqual(["pay"]);
    expect(readFileSync(cut.at("work/after"), "utf8")).toBe("paid\n");
  });
});
