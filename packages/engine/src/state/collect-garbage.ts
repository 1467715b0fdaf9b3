// Removes the state of runs that nobody needs any more.
//
// Owns:     the folder `trash` of a state folder.
// Does not: decide which runs go (choose-garbage).
//
// Invariants:
//   G1. The directory is locked throughout, so that none of its runs is under way, or begins.
//   G2. What goes is renamed into the trash first: a run's folder is there as a whole or not at all.
//   G3. What a run has cost is kept before it goes, by whoever is asked to.
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { SheafError } from "@sheaf/core";
import { lockDir, removeTreeNow, requireFree } from "@sheaf/workdir";
import { chooseGarbage, type GarbageRules, type KeptState } from "./choose-garbage.ts";
import { collectMemo, type MemoGarbage } from "./collect-memo.ts";
import { diskUsage } from "./disk-usage.ts";
import { listRunStates, type RunState } from "./run-states.ts";

export interface GarbageRequest {
  /** Real path of the shared directory. */
  readonly dir: string;
  /** Folder of the state of its runs. */
  readonly stateDir: string;
  readonly rules: GarbageRules;
  /** Also the memo in this folder, beside the directory's own; null: that alone. */
  readonly sharedMemo: string | null;
  /** Say what would go, and leave it. */
  readonly dryRun: boolean;
  /** In ms since 1970. */
  readonly now: number;
  /**
   * Keeps what these runs have cost, before they go. When it rejects nothing is removed.
   *
   * @default what they have cost is forgotten
   */
  readonly keepCosts?: (runs: readonly RunState[]) => Promise<void>;
}

/** What was removed, or would be. */
export interface Garbage {
  readonly removed: readonly RunState[];
  readonly kept: readonly KeptState[];
  /** What went of the memos that are there. */
  readonly memos: readonly MemoGarbage[];
  /** Bytes on the disk that were given back, what an earlier removal had left behind included. */
  readonly freedBytes: number;
}

/**
 * Removes the state of runs by the rules, and of memos what is older, or more, than these say.
 *
 * @throws SheafError DIR_BUSY while a run holds the directory.
 */
export async function collectGarbage(request: GarbageRequest): Promise<Garbage> {
  const garbage = await collectRuns(request);
  const { rules, dryRun, now } = request;
  const { olderThanMs, maxBytes } = rules;
  const folders = [join(request.stateDir, "memo"), request.sharedMemo].filter(
    (folder) => folder !== null && existsSync(folder),
  );
  const memoRules = { olderThanMs: olderThanMs === 0 ? null : olderThanMs, maxBytes };
  const memos = folders.map((folder) => collectMemo(folder!, { rules: memoRules, dryRun, now }));
  const freedBytes = memos.reduce((sum, memo) => sum + memo.freedBytes, garbage.freedBytes);
  return { ...garbage, memos, freedBytes };
}

async function collectRuns(request: GarbageRequest): Promise<Omit<Garbage, "memos">> {
  const { dir, stateDir, rules, dryRun, now, keepCosts } = request;
  if (!existsSync(join(stateDir, "runs"))) return { removed: [], kept: [], freedBytes: 0 };
  const lock = lockDir(dir, "sheaf gc");
  try {
    const { go, stay } = chooseGarbage(listRunStates(stateDir), rules, now);
    const busy = go.flatMap((run) => (isElsewhereInUse(run, dir) ? [run] : []));
    const removed = go.filter((run) => !busy.includes(run));
    const kept = [...stay, ...busy.map((run) => ({ run, why: `a run is under way in ${run.dir}` }))];
    const trash = join(stateDir, "trash");
    const leftBehind = existsSync(trash) ? diskUsage(trash).bytes : 0;
    if (!dryRun) {
      if (removed.length > 0) await keepCosts?.(removed);
      for (const run of removed) throwAway(run, trash);
      removeTreeNow(trash);
    }
    return { removed, kept, freedBytes: removed.reduce((sum, { bytes }) => sum + bytes, leftBehind) };
  } finally {
    lock.release();
  }
}

// A state folder that was copied or moved holds runs of another directory.
function isElsewhereInUse(run: RunState, dir: string): boolean {
  if (run.dir === null || run.dir === dir) return false;
  try {
    requireFree(run.dir);
    return false;
  } catch (error) {
    if (error instanceof SheafError) return true;
    throw error;
  }
}

function throwAway({ id, folder }: RunState, trash: string): void {
  mkdirSync(trash, { recursive: true });
  renameSync(folder, join(trash, `${readdirSync(trash).length}-${id}`));
}
