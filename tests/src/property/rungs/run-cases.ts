// Runs the same cases on a rung and compares what is left with what running in order leaves.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { memoryDir, readTree, writeFiles } from "@sheaf/testkit";
import { requireSame, WrongResult } from "../observed/compare.ts";
import { orderOf } from "../observed/edges.ts";
import type { Ended } from "../observed/in-order.ts";
import type { RungCase } from "./cases.ts";
import { NODE_STEPS, tasksOf } from "./commands.ts";
import { type InOrder, runRealInOrder } from "./in-order.ts";
import { driverOn, placeOn, type Rung } from "./rungs.ts";

/** A case with what running it in order leaves. */
export interface Expected extends InOrder {
  readonly each: RungCase;
  readonly order: readonly string[];
  readonly tree: readonly string[];
}

/** Runs a case in order, in a plain folder. */
export function expectedOf(each: RungCase): Expected {
  using place = memoryDir();
  const root = join(place.path, "plain");
  mkdirSync(root);
  writeFiles(root, each.files);
  const ids = each.programs.map(({ id }) => id);
  const order = orderOf(ids, each.needs);
  const ended = runRealInOrder(root, each, order);
  return { each, order, ...ended, tree: readTree(root) };
}

/** What the driver says of a case. */
interface Said {
  readonly order: readonly string[];
  readonly rung: string;
  readonly level: string;
  readonly fallbacks: readonly string[];
  readonly tasks: Readonly<
    Record<string, { outcome: string; output?: unknown; attempts: number; conflicts: number }>
  >;
}

/** What running cases on a rung came to. */
export interface RungOutcome {
  /** Of the trees that were left, one after another. */
  readonly hash: string;
  readonly tasks: number;
  readonly conflicts: number;
  readonly failures: number;
}

/** The rung does not come up on this machine. */
export class NoRung extends Error {
  override readonly name = "NoRung";
}

const endedOf = ({ outcome, output }: Said["tasks"][string]): Ended =>
  outcome === "skipped" ? "skipped" : outcome === "failed" ? null : String(output);

/** Compares one case. @throws WrongResult */
function compareCase(
  { order, endings, tree }: Expected,
  said: Said,
  left: readonly string[],
  rung: Rung,
): void {
  requireSame("rung", said.rung, rung.staging);
  requireSame("order", said.order, order);
  const got = new Map(order.map((id) => [id, endedOf(said.tasks[id]!)]));
  requireSame("endings", got, new Map(order.map((id) => [id, endings.get(id)])));
  requireSame("files", left, tree);
  requireSame("guarantee", said.level, "serial-equivalent");
  requireSame("fallbacks", said.fallbacks, []);
  for (const { attempts } of Object.values(said.tasks))
    requireSame("at most two attempts", attempts <= 2, true);
}

/**
 * Runs cases on a rung, one after another in a process of its user.
 *
 * @param nodeArgs options of Node for that process
 * @throws WrongResult with the number of the first case that came out wrong; NoRung
 */
export async function runOnRung(
  rung: Rung,
  cases: readonly Expected[],
  nodeArgs: readonly string[] = [],
): Promise<RungOutcome> {
  using place = placeOn(rung);
  const dirs = cases.map((_, i) => join(place.path, `case-${i + 1}`));
  for (const [i, dir] of dirs.entries()) {
    mkdirSync(dir);
    writeFiles(dir, cases[i]!.each.files);
  }
  spawnSync("chown", ["-Rh", `${rung.uid}:${rung.uid}`, place.path]);
  const [program, ...args] = driverOn(rung, place.path, nodeArgs) as [string, ...string[]];
  const driver = spawn(program, args, { cwd: "/", stdio: ["pipe", "pipe", "pipe"] });
  const request = cases.map(({ each, touched }, i) => ({
    ...{ dir: dirs[i], tasks: tasksOf(each, touched), maxWorkers: each.maxWorkers },
  }));
  driver.stdin.end(JSON.stringify({ staging: rung.staging, agent: NODE_STEPS, cases: request }));
  const [said, errors] = await Promise.all([text(driver.stdout), text(driver.stderr)]);
  const lines = said
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Said);
  const hash = createHash("sha256");
  for (const [i, expected] of cases.entries()) {
    const line = lines[i];
    if (line === undefined && errors.includes("DIR_UNUSABLE"))
      throw new NoRung(/SheafError: (.*)/.exec(errors)?.[1] ?? errors);
    if (line === undefined) throw new Error(`${rung.name}: the driver ended before case ${i + 1}: ${errors}`);
    const left = readTree(dirs[i]!);
    hash.update(`${left.join("\n")}\0`);
    try {
      compareCase(expected, line, left, rung);
    } catch (error) {
      const what = `${rung.name}, case ${i + 1}: ${(error as Error).message}`;
      throw new WrongResult(`${what}\n${JSON.stringify(expected.each)}`, { cause: error });
    }
  }
  const tasks = lines.flatMap((line) => Object.values(line.tasks));
  return {
    hash: hash.digest("hex"),
    tasks: tasks.length,
    conflicts: tasks.reduce((sum, task) => sum + task.conflicts, 0),
    failures: tasks.filter(({ outcome }) => outcome === "failed").length,
  };
}
