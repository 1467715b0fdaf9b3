// Runs programs both ways and compares everything that is left: files, outputs, failures.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inspect, isDeepStrictEqual } from "node:util";
import type { RunOptions, RunReport } from "@sheaf/engine";
import { defineAgent } from "@sheaf/engine/agent";
import { executeOn } from "@sheaf/engine/internal";
import { type Files, memoryDir, readTree, writeFiles } from "@sheaf/testkit";
import type { Needs } from "./edges.ts";
import { type Ended, runInOrder } from "./in-order.ts";
import { programExecutor } from "./program-executor.ts";
import type { Program } from "./step.ts";
import type { Blindness, Sights } from "./watch.ts";

/** One case: what there is to do, and how it comes to be done. */
export interface Case {
  readonly files: Files;
  readonly programs: readonly Program[];
  /** What each task declares to depend on. */
  readonly needs: Needs;
  readonly mode: NonNullable<RunOptions["mode"]>;
  readonly policies: NonNullable<RunOptions["policies"]>;
  readonly maxWorkers: number;
  /** Turns of the event loop before each step, over and over. */
  readonly pauses: readonly number[];
  /** Other programs under the same ids, from which wrong edges are learned first. */
  readonly learnedFrom: readonly Program[] | null;
}

/** What was left is not what running in order leaves. */
export class WrongResult extends Error {
  override readonly name = "WrongResult";
}

/** What a case came to. */
export interface Outcome extends Sights {
  readonly tasks: number;
  readonly conflicts: number;
  readonly failures: number;
  readonly skipped: number;
}

const agent = defineAgent(
  { name: "program", run: () => undefined },
  new URL("./program-agent.mjs", import.meta.url).href,
);

/** @throws WrongResult where two things are not the same. */
export function requireSame(what: string, got: unknown, expected: unknown): void {
  if (isDeepStrictEqual(got, expected)) return;
  throw new WrongResult(`${what}: got ${inspect(got)}, expected ${inspect(expected)}`);
}

/** How a task of a run ended. */
export const endedOf = ({ tasks }: RunReport, id: string): Ended => {
  const { outcome, output } = tasks[id]!;
  return outcome === "skipped" ? "skipped" : outcome === "failed" ? null : String(output);
};

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Runs the programs of a case on the engine, in this folder. */
async function runOnEngine(
  dir: string,
  { programs, needs, mode, policies, maxWorkers, pauses }: Omit<Case, "files" | "learnedFrom">,
  blind: Blindness | null,
): Promise<{ readonly report: RunReport; readonly sights: Sights }> {
  const sights = { absent: 0, listings: 0, links: 0 };
  let step = 0;
  const executor = programExecutor({
    ...{ programs, blind },
    pause: () => turns(pauses[step++ % pauses.length]!),
    ended: ({ absent, listings, links }) => {
      sights.absent += absent;
      sights.listings += listings;
      sights.links += links;
    },
  });
  const executors = { get: () => executor, dispose: () => executor.dispose() };
  const tasks = programs.map(({ id }) => ({ id, dependsOn: needs.get(id) ?? [] }));
  const report = await executeOn(executors, {
    ...{ run: { dir, tasks }, agent },
    options: {
      // The programs run in this process, which sees no mounts.
      ...{ mode, policies, maxWorkers, staging: "copy", validate: true, env: {}, useLlmDeps: false },
      ...{ retain: "none", trace: false, minFreeDiskMb: 0 },
    },
  });
  return { report, sights };
}

const cleared = (dir: string): void => {
  for (const name of readdirSync(dir)) {
    if (name !== ".sheaf") rmSync(join(dir, name), { recursive: true });
  }
};

/**
 * Runs a case both ways.
 *
 * @param order ids of the programs in the order that specifies the result
 * @throws WrongResult
 */
export async function compare(
  each: Case,
  order: readonly string[],
  blind: Blindness | null,
): Promise<Outcome> {
  const { files, programs, needs, learnedFrom } = each;
  using place = memoryDir();
  const reference = join(place.path, "reference");
  const shared = join(place.path, "shared");
  mkdirSync(reference);
  mkdirSync(shared);
  writeFiles(reference, files);
  const byId = new Map(programs.map((program) => [program.id, program]));
  const inOrder = order.map((id) => byId.get(id)!);
  const expected = runInOrder(reference, inOrder, needs);

  if (learnedFrom !== null) {
    await runOnEngine(shared, { ...each, programs: learnedFrom, needs: new Map() }, null);
    cleared(shared);
  }
  writeFiles(shared, files);
  const { report, sights } = await runOnEngine(shared, each, blind);

  requireSame("order", report.order, order);
  requireSame("endings", new Map(order.map((id) => [id, endedOf(report, id)])), expected);
  requireSame("files", readTree(shared), readTree(reference));
  requireSame("guarantee", report.guarantee.level, "serial-equivalent");
  const tasks = Object.values(report.tasks);
  for (const task of tasks) requireSame("at most two attempts", task.attempts <= 2, true);
  const endings = [...expected.values()];
  return {
    ...sights,
    tasks: tasks.length,
    conflicts: tasks.reduce((sum, task) => sum + task.conflicts, 0),
    failures: endings.filter((ended) => ended === null).length,
    skipped: endings.filter((ended) => ended === "skipped").length,
  };
}
