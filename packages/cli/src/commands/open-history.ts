import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { isSheafError } from "@sheaf/core";
import type { RunReport, RunState } from "@sheaf/engine";
import { openIndex, type RunIndex } from "@sheaf/ledger";
import { openCallsText } from "../show/costs-text.ts";
import type { Io } from "./io.ts";
import { type StatePlace, statePlace } from "./state-place.ts";

/** The server that keeps the history in place of a file, if one is named. */
export function serverOf({ env }: Pick<Io, "env">): string | undefined {
  return env.SHEAF_DATABASE_URL?.trim() || undefined;
}

/** Tells whether there is anything that a history could be made of. */
function hasHistory(stateDir: string, url: string | undefined): boolean {
  return url !== undefined || existsSync(join(stateDir, "runs")) || existsSync(join(stateDir, "sheaf.db"));
}

/** Whose history it is. */
interface Asked {
  /** True where the database also has the history of other directories. */
  readonly isShared: boolean;
}

/**
 * Asks the history of the runs whose state is in a folder, brought up to date; where there is none, `ask` is given
 * null. What could not be read is told on stderr.
 *
 * @throws SheafError HISTORY_UNUSABLE, OPTION_INVALID
 */
export async function askIndex<T>(
  { stateDir, io }: { readonly stateDir: string; readonly io: Io },
  ask: (index: RunIndex | null, asked: Asked) => Promise<T>,
): Promise<T> {
  const url = serverOf(io);
  const asked = { isShared: url !== undefined };
  if (!hasHistory(stateDir, url)) return await ask(null, asked);
  const index = await openIndex({ stateDir, url });
  try {
    await index.update();
    const answer = await ask(index, asked);
    for (const note of index.notes) io.stderr.write(`${note}\n`);
    return answer;
  } finally {
    await index.close();
  }
}

/** Asks the history of a directory. As `askIndex`. */
export async function askHistory<T>(
  { dir, io }: { readonly dir: string | undefined; readonly io: Io },
  ask: (index: RunIndex | null, place: StatePlace) => Promise<T>,
): Promise<T> {
  const place = statePlace(dir, io);
  return await askIndex({ stateDir: place.stateDir, io }, (index) => ask(index, place));
}

/**
 * Asks the history of a directory for a bill, as `askHistory`. Calls of which runs have not told what became of them are
 * in no figure, and are told on stderr.
 */
export async function askBill<T>(
  { since, ...place }: { readonly dir: string | undefined; readonly io: Io; readonly since: number | null },
  ask: (index: RunIndex | null, place: StatePlace) => Promise<T>,
): Promise<T> {
  return await askHistory(place, async (index, shared) => {
    const answer = await ask(index, shared);
    const open = index === null ? [] : await index.openCalls({ since });
    if (open.length > 0) place.io.stderr.write(`${openCallsText(open)}\n`);
    return answer;
  });
}

/**
 * Keeps in the history what runs have cost whose state is about to be removed.
 *
 * @throws SheafError HISTORY_UNUSABLE
 */
export async function keepCosts(
  runs: readonly RunState[],
  { dir, io, now }: { readonly dir: string; readonly io: Io; readonly now: number },
): Promise<void> {
  const removed = runs.flatMap(({ id, startedAt }) =>
    startedAt === null ? [] : [{ id, begunAt: startedAt }],
  );
  try {
    await askHistory({ dir, io }, async (index) => index?.markRemoved(removed, now));
  } catch (error) {
    if (isSheafError(error, "HISTORY_UNUSABLE"))
      io.stderr.write("Nothing was removed. To remove it all the same: --forget-costs\n");
    throw error;
  }
}

/** Tells the server of the history, where one is named, what a run that has ended came to. A fault of it is only told. */
export async function tellServer({ runDir }: Pick<RunReport, "runDir">, io: Io): Promise<void> {
  const url = serverOf(io);
  if (url === undefined || runDir === null) return;
  try {
    const index = await openIndex({ stateDir: dirname(dirname(runDir)), url });
    try {
      await index.update();
    } finally {
      await index.close();
    }
  } catch (error) {
    io.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  }
}
