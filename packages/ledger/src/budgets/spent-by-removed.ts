import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Budget } from "@sheaf/core";
import { openIndex } from "../history/open-index.ts";
import { windowStart } from "./budget-window.ts";
import type { SpentCall } from "./open-budgets.ts";

/** Which runs are meant, and since when. */
export interface RemovedAsked {
  readonly stateDir: string;
  /** Directory of the runs; null where they have none. */
  readonly dir: string | null;
  /** A PostgreSQL server that keeps the index; null: it is in the state folder, if anywhere. */
  readonly url: string | null;
  readonly budgets: readonly Budget[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface RemovedSpent {
  readonly spent: readonly SpentCall[];
  /** Why it is not known what they have spent, as a sentence; null where it is. */
  readonly problem: string | null;
}

const NOTHING: RemovedSpent = { spent: [], problem: null };
const MINUTE_MS = 60_000;

/**
 * Returns what runs whose state was removed have spent within the windows of these budgets that outlast a run, by the
 * index, which alone remembers them. It is loaded where there is something to ask.
 */
export async function spentByRemoved({
  stateDir,
  dir,
  url,
  budgets,
  now,
}: RemovedAsked): Promise<RemovedSpent> {
  const starts = budgets.flatMap(({ window }) => (window === "run" ? [] : [windowStart(window, now)]));
  if (starts.length === 0 || (url === null && !existsSync(join(stateDir, "sheaf.db")))) return NOTHING;
  try {
    const index = await openIndex({ stateDir, ...(url === null ? {} : { url }) });
    try {
      const since = Math.min(...starts) - MINUTE_MS;
      // A server has the runs of other directories, too.
      const query = url === null ? { since } : { since, dir };
      return { spent: await index.spentByRemoved(query), problem: null };
    } finally {
      await index.close();
    }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { spent: [], problem: `What removed runs have spent does not count against budgets: ${problem}` };
  }
}
