// The process that runs the engine is killed at any moment: what is in the directory afterwards is the result of the
// first so many tasks, and the same run goes on from there.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { memoryDir, readTree, writeFiles } from "@sheaf/testkit";
import { openWorkdir } from "@sheaf/workdir";
import { expect, test } from "vitest";
import { fillFolder, manyFilesPlan } from "./fixtures/many-files.mjs";

const PROGRAM = fileURLToPath(new URL("./fixtures/many-files.mjs", import.meta.url));
const KILLS = process.env.TEST_DEEP === "1" ? 300 : 30;
const START = { "start/f0": "0", "start/sub/f1": "1" };

interface Session {
  readonly seed: number;
  readonly dir: string;
  readonly log: string;
}

function begin({ seed, dir, log }: Session): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [PROGRAM, String(seed), dir, log]);
}

/** Runs a session to its end and returns what it printed last. */
async function finish(session: Session): Promise<string> {
  const child = begin(session);
  const printed: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => printed.push(chunk));
  const [code] = await once(child, "close");
  const text = Buffer.concat(printed).toString();
  expect(code, text).toBe(0);
  return text.trim().split("\n").at(-1)!;
}

/** Runs a session, and kills it so many ms after the run has begun. Returns whether it was still running. */
async function kill(session: Session, afterMs: number): Promise<boolean> {
  const child = begin(session);
  const closed = once(child, "close");
  await once(child.stdout, "data");
  await wait(afterMs);
  child.kill("SIGKILL");
  const [, signal] = await closed;
  return signal === "SIGKILL";
}

/** What the directory holds after the first 0, 1, 2, ... tasks, done with nothing of Sheaf in between. */
async function prefixesOf(seed: number): Promise<readonly (readonly string[])[]> {
  using place = memoryDir(START);
  const prefixes = [readTree(place.path)];
  for (const { input } of manyFilesPlan(seed)) {
    await fillFolder(place.path, input, async () => {});
    prefixes.push(readTree(place.path));
  }
  return prefixes;
}

/** Opens the directory as the next session does, and returns the ids of the tasks whose changes are in it. */
async function reopen(dir: string): Promise<readonly string[]> {
  const workdir = await openWorkdir({
    ...{ dir, runDir: join(dir, ".sheaf/runs/r"), runId: "r" },
    ...{ frozen: [], shown: "everything", declaredWrites: [] },
  });
  const committed = workdir.committed();
  await workdir.close({ keep: true });
  return committed;
}

const linesOf = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];

async function check(seed: number, afterMs: number) {
  using place = memoryDir({ "outside/theirs": "untouched" });
  const dir = join(place.path, "shared");
  mkdirSync(dir);
  writeFiles(dir, START);
  const first = { seed, dir, log: join(place.path, "first") };
  const wasRunning = await kill(first, afterMs);
  const whilePublishing = existsSync(join(dir, ".sheaf/publishing.json"));

  const committed = await reopen(dir);
  const prefixes = await prefixesOf(seed);
  const ids = manyFilesPlan(seed).map(({ id }) => id);
  expect(committed).toEqual(ids.slice(0, committed.length));
  expect(readTree(dir)).toEqual(prefixes[committed.length]);

  const second = { seed, dir, log: join(place.path, "second") };
  const output = JSON.parse(await finish(second)) as Record<string, string>;
  expect(Object.keys(output)).toEqual(ids);
  expect(readTree(dir)).toEqual(prefixes.at(-1));
  expect(linesOf(second.log).filter((id) => committed.includes(id))).toEqual([]);
  expect(readTree(join(place.path, "outside"))).toEqual(['theirs file 644 "untouched"']);
  const kept = linesOf(first.log).length - linesOf(second.log).length;
  return { wasRunning, whilePublishing, committed: committed.length, kept };
}

test("after a kill the directory is the result of the first so many tasks, and the run goes on from there", {
  timeout: 7_200_000,
}, async () => {
  using place = memoryDir();
  mkdirSync(join(place.path, "shared"));
  writeFiles(join(place.path, "shared"), START);
  const whole = begin({ seed: 1, dir: join(place.path, "shared"), log: join(place.path, "log") });
  const ended = once(whole, "close");
  await once(whole.stdout, "data");
  const from = performance.now();
  await ended;
  const wholeMs = performance.now() - from;

  const sum = { kills: 0, running: 0, whilePublishing: 0, between: 0 };
  for (let seed = 1; seed <= KILLS; seed++) {
    // Evenly over the run, whichever the order of the seeds.
    const afterMs = wholeMs * (((seed * 7) % KILLS) / KILLS);
    const { wasRunning, whilePublishing, committed } = await check(seed, afterMs);
    sum.kills += 1;
    sum.running += Number(wasRunning);
    sum.whilePublishing += Number(whilePublishing);
    sum.between += Number(committed > 0 && committed < 7);
  }
  // biome-ignore lint/suspicious/noConsole: the figures of the deep run are in docs/testing.md
  console.log(`${JSON.stringify(sum)} in a run of ${Math.round(wholeMs)} ms`);
  expect(sum.running).toBeGreaterThan(0);
  // Where the kills hit is up to the machine; among many, some hit everywhere.
  if (KILLS < 100) return;
  expect(sum.running).toBeGreaterThan(KILLS / 2);
  expect(sum.between).toBeGreaterThan(KILLS / 10);
  expect(sum.whilePublishing).toBeGreaterThan(0);
});
