import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SheafError } from "@sheaf/core";
import { freezeBase } from "./base.ts";
import { foldersUpTo, noSync } from "./disk-sync.ts";
import { statOf } from "./file-stat.ts";
import { frozenFolders } from "./frozen.ts";
import type { Live } from "./live-files.ts";
import { type DirLock, lockDir, requireFree } from "./lock.ts";
import { openViews } from "./overlay/open-views.ts";
import { recover } from "./publish.ts";
import { STATE_FOLDER } from "./relative-path.ts";
import { unusable } from "./scan.ts";
import { Transactions } from "./transactions.ts";
import { EVERYTHING, visible } from "./visible.ts";
import type { Workdir, WorkdirOptions } from "./workdir.ts";

function requireFolder(dir: string): void {
  const stat = statSync(dir, { throwIfNoEntry: false });
  if (stat === undefined) throw unusable(dir, "there is no such folder");
  if (!stat.isDirectory()) throw unusable(dir, "it is not a folder");
}

function openLive(options: WorkdirOptions): Live {
  return {
    dir: options.dir,
    stateDir: join(options.dir, STATE_FOLDER),
    asideDir: join(options.runDir, "outside"),
    stats: new Map(),
    sync: options.sync ?? noSync,
  };
}

function prepare(options: WorkdirOptions): { lock: DirLock; live: Live; recovered: number } {
  requireFolder(options.dir);
  const lock = takeLock(options);
  try {
    const live = openLive(options);
    writeFileSync(join(live.stateDir, ".gitignore"), "*\n");
    mkdirSync(options.runDir, { recursive: true });
    live.sync([
      live.stateDir,
      options.dir,
      options.runDir,
      ...foldersUpTo(options.runDir, dirname(dirname(options.runDir))),
    ]);
    return { lock, live, recovered: recover(live) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function takeLock(options: WorkdirOptions): DirLock {
  try {
    return lockDir(options.dir, `run ${options.runId}`);
  } catch (error) {
    if (error instanceof SheafError) throw error;
    throw unusable(options.dir, `the folder ${STATE_FOLDER} cannot be made in it (${String(error)})`, error);
  }
}

/**
 * Takes a directory for one run: locks it, finishes what a killed run had begun to publish, freezes it as the base.
 *
 * @throws SheafError DIR_UNUSABLE when it is no folder, cannot be read and written, or cannot be staged as asked; DIR_BUSY when a run holds it.
 */
export async function openWorkdir(options: WorkdirOptions): Promise<Workdir> {
  const { lock, live, recovered } = prepare(options);
  try {
    const startNs = statOf(options.runDir)!.mtimeNs;
    const frozen = frozenFolders(options.frozen, options.declaredWrites);
    // A run that is resumed may still need the bytes that it froze before.
    const session = sessionIn(options.runDir);
    const base = await freezeBase(options.dir, join(options.runDir, "base", session), {
      frozen,
      shown: options.shown === "everything" ? EVERYTHING : visible(options.shown),
      onState: (folder) => requireNestedFree(folder, live.stateDir),
      signal: options.signal,
    });
    for (const [path, stat] of base.live) live.stats.set(path, stat);
    const overlay = await openViews(options, base, session);
    return new Transactions({ options, lock, live, frozen, base, recovered, session, startNs, overlay });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Name of the folders of this opening, unique among all openings of the run. */
function sessionIn(runDir: string): string {
  const folder = join(runDir, "base");
  mkdirSync(folder, { recursive: true });
  return String(readdirSync(folder).length + 1);
}

const requireNestedFree = (folder: string, own: string): void => {
  if (folder !== own) requireFree(dirname(folder));
};
