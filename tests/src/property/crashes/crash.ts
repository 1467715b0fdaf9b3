// Cuts a run off after so many changes, goes on with it, and compares what is left with what running in order leaves.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RunReport } from "@sheaf/engine";
import { defineAgent } from "@sheaf/engine/agent";
import { executeOn } from "@sheaf/engine/internal";
import { readJournal } from "@sheaf/ledger";
import { memoryDir, readTree, writeFiles } from "@sheaf/testkit";
import { openWorkdir } from "@sheaf/workdir";
import { type Case, endedOf, requireSame, WrongResult } from "../observed/compare.ts";
import { type Ended, runInOrder } from "../observed/in-order.ts";
import { programExecutor } from "../observed/program-executor.ts";
import { cutAfter } from "./power.ts";

const RUN_ID = "r";

/** What running in order leaves after each of the first so many tasks. */
interface Reference {
  readonly endings: ReadonlyMap<string, Ended>;
  readonly trees: readonly (readonly string[])[];
}

function referenceOf({ files, programs, needs }: Case, order: readonly string[], root: string): Reference {
  mkdirSync(root);
  writeFiles(root, files);
  const endings = new Map<string, Ended>();
  const trees = [readTree(root)];
  const failed = (id: string): boolean => endings.get(id) === null || endings.get(id) === "skipped";
  for (const id of order) {
    const blocked = (needs.get(id) ?? []).some(failed);
    const program = programs.find((each) => each.id === id)!;
    endings.set(id, blocked ? "skipped" : runInOrder(root, [program], new Map()).get(id)!);
    trees.push(readTree(root));
  }
  return { endings, trees };
}

const agent = defineAgent(
  { name: "program", run: () => undefined },
  new URL("../observed/program-agent.mjs", import.meta.url).href,
);

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** One session of the run. `launched` receives the ids of the programs that are started. */
function session(dir: string, { programs, needs, maxWorkers, pauses }: Case, launched: string[]) {
  let step = 0;
  const executor = programExecutor({
    ...{ programs, blind: null, ended: () => {} },
    pause: () => turns(pauses[step++ % pauses.length]!),
    started: (id) => launched.push(id),
  });
  const tasks = programs.map(({ id }) => ({ id, dependsOn: needs.get(id) ?? [] }));
  return executeOn(
    { get: () => executor, dispose: () => executor.dispose() },
    {
      ...{ run: { dir, tasks }, agent },
      options: {
        ...{ runId: RUN_ID, mode: "parallel", maxWorkers, staging: "copy", validate: true, env: {} },
        ...{ useLlmDeps: false, retain: "none", minFreeDiskMb: 0 },
      },
    },
  );
}

/** Ids of the tasks whose commit is told of in the journal. */
function toldCommitted(dir: string): ReadonlySet<string> {
  const journal = join(dir, ".sheaf/runs", RUN_ID, "journal.ndjson");
  if (!existsSync(journal)) return new Set();
  const { events } = readJournal(journal);
  return new Set(events.flatMap((event) => (event.type === "task.committed" ? [event.taskId] : [])));
}

/** Opens the directory as the next session does, and returns the ids of the tasks whose changes are in it. */
async function reopen(dir: string): Promise<readonly string[]> {
  const workdir = await openWorkdir({
    ...{ dir, runDir: join(dir, ".sheaf/runs", RUN_ID), runId: RUN_ID },
    ...{ frozen: [], shown: "everything", declaredWrites: [], rung: "copy" },
  });
  const committed = workdir.committed();
  await workdir.close({ keep: true });
  return committed;
}

function compareReport(report: RunReport, order: readonly string[], endings: Reference["endings"]): void {
  requireSame("order", report.order, order);
  requireSame("endings", new Map(order.map((id) => [id, endedOf(report, id)])), endings);
  requireSame("guarantee", report.guarantee.level, "serial-equivalent");
}

/** The longest that a session may take, in ms: without its disk it must end too. */
const PATIENCE_MS = 30_000;

async function inTime<T>(work: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new WrongResult("the run does not end")), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What became of one crash. */
export interface Crash {
  /** The run came to its end before so many changes. */
  readonly uncut: boolean;
  /** Tasks at the beginning of the list that were committed before, and so were not started again. */
  readonly kept: number;
  readonly relaunched: number;
}

/**
 * Runs a case until so many changes are on the disk, and goes on with it.
 *
 * @throws WrongResult
 */
export async function crashAfter(changes: number, each: Case, order: readonly string[]): Promise<Crash> {
  using place = memoryDir();
  const dir = join(place.path, "shared");
  const { endings, trees } = referenceOf(each, order, join(place.path, "reference"));
  mkdirSync(dir);
  writeFiles(dir, each.files);
  const first = await inTime(cutAfter(changes, dir, () => session(dir, each, [])));
  if (!first.cut) {
    compareReport(first.value!, order, endings);
    requireSame("files", readTree(dir), trees.at(-1));
    return { uncut: true, kept: 0, relaunched: 0 };
  }

  const told = toldCommitted(dir);
  const published = await reopen(dir);
  // Tasks that changed nothing leave no record, and the tree as it was.
  const last = published.at(-1);
  requireSame(
    "files after the crash",
    readTree(dir),
    trees[last === undefined ? 0 : order.indexOf(last) + 1],
  );

  const launched: string[] = [];
  const report = await inTime(session(dir, each, launched));
  compareReport(report, order, endings);
  requireSame("files", readTree(dir), trees.at(-1));
  const open = order.findIndex((id) => !told.has(id) && !published.includes(id));
  const kept = order.slice(0, open === -1 ? order.length : open);
  requireSame(
    "started again",
    launched.filter((id) => kept.includes(id)),
    [],
  );
  return { uncut: false, kept: kept.length, relaunched: launched.length };
}
