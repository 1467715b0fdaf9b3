import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { SheafError } from "@sheaf/core";
import type { Io } from "./io.ts";
import { statePlace } from "./state-place.ts";

const JOURNAL = "journal.ndjson";

/** A run that is kept on disk. */
export interface KeptRun {
  readonly id: string;
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly journal: string;
}

/**
 * Finds a run by its id, by the beginning of it, as `latest`, or by the path of its folder.
 *
 * @throws SheafError RUN_UNKNOWN naming the runs that there are.
 */
export function findRun(run: string, dir: string | undefined, io: Io): KeptRun {
  if (/[/\\]/.test(run)) return runInFolder(resolve(io.cwd, run));
  const folder = join(statePlace(dir, io).stateDir, "runs");
  const runs = keptRuns(folder);
  const fits = runs.filter(({ id }) => id.startsWith(run));
  const found =
    runs.find(({ id }) => id === run) ??
    (run === "latest" ? runs[0] : fits.length === 1 ? fits[0] : undefined);
  if (found !== undefined) return found;
  const known = (fits.length > 1 ? fits : runs).map(({ id }) => id);
  throw new SheafError("RUN_UNKNOWN", { runId: run, path: folder, known });
}

function runInFolder(folder: string): KeptRun {
  const journal = join(folder, JOURNAL);
  if (existsSync(journal)) return { id: basename(folder), folder, journal };
  throw new SheafError("RUN_UNKNOWN", { runId: basename(folder), path: folder, known: [] });
}

/** Returns the runs in a folder that have a journal, the one that was written to last first. */
export function keptRuns(folder: string): readonly KeptRun[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((id) => ({ id, folder: join(folder, id), journal: join(folder, id, JOURNAL) }))
    .flatMap((run) => {
      const stat = statSync(run.journal, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ run, at: stat.mtimeMs }];
    })
    .sort((a, b) => b.at - a.at || (a.run.id < b.run.id ? 1 : -1))
    .map(({ run }) => run);
}
