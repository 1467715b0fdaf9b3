import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { SheafError } from "@sheaf/core";
import { STATE_FOLDER } from "./relative-path.ts";

const LOCK = "lock.db";
const HOLDER = "holder";

/** Holds a directory for one run, or for whoever looks after the state of runs. */
export interface DirLock {
  release(): void;
}

// An exclusive lock of SQLite is a lock of the operating system: it ends with its process, however that dies.
function tryLock(stateDir: string): InstanceType<typeof DatabaseSync> | undefined {
  const database = new DatabaseSync(join(stateDir, LOCK));
  try {
    database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if (/locked|busy/i.test(String(error))) return undefined;
    throw error;
  }
}

function busy(dir: string, stateDir: string): SheafError<"DIR_BUSY"> {
  let holder = "holder unknown";
  try {
    holder = readFileSync(join(stateDir, HOLDER), "utf8").trim();
  } catch {
    // The holder has not written its name yet; the refusal stands without it.
  }
  return new SheafError("DIR_BUSY", { dir, holder });
}

/**
 * Throws when a run holds this folder.
 *
 * @throws SheafError DIR_BUSY, or DIR_UNUSABLE where that cannot be told.
 */
export function requireFree(dir: string): void {
  const stateDir = join(dir, STATE_FOLDER);
  const path = join(stateDir, LOCK);
  if (!existsSync(path)) return;
  let lock: ReturnType<typeof tryLock>;
  try {
    lock = tryLock(stateDir);
  } catch (error) {
    const problem = `whether a run holds it cannot be told, as ${path} cannot be opened (${(error as Error).message})`;
    throw new SheafError("DIR_UNUSABLE", { dir, problem }, { cause: error });
  }
  if (lock === undefined) throw busy(dir, stateDir);
  lock.close();
}

function* ancestors(dir: string): Generator<string> {
  for (let folder = dirname(dir); folder !== dirname(folder); folder = dirname(folder)) yield folder;
}

/**
 * Takes the lock of a directory for `who`, unless another run holds it or a folder above it. Folders below it are checked
 * when the directory is listed: the own lock is taken first, so of two runs that start at once on a folder and on
 * one below it at least one sees the other.
 *
 * @throws SheafError DIR_BUSY, or DIR_UNUSABLE naming a folder above of which that cannot be told.
 */
export function lockDir(dir: string, who: string): DirLock {
  const stateDir = join(dir, STATE_FOLDER);
  // Not recursive: in some places, /proc among them, Node would try for ever.
  if (!existsSync(stateDir)) mkdirSync(stateDir);
  const database = tryLock(stateDir);
  if (database === undefined) throw busy(dir, stateDir);
  try {
    for (const folder of ancestors(dir)) requireFree(folder);
    writeFileSync(join(stateDir, HOLDER), `${who}, process ${process.pid} on ${hostname()}\n`);
  } catch (error) {
    database.close();
    throw error;
  }
  return { release: () => database.close() };
}
