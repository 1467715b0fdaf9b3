import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Budget, isSheafError } from "@sheaf/core";
import { readJournal } from "../read-journal.ts";
import { windowStart } from "./budget-window.ts";
import type { SpentCall } from "./open-budgets.ts";
import { spentOf } from "./spent-of.ts";

/** What runs have spent. */
export interface JournalsRead {
  readonly spent: readonly SpentCall[];
  /** Runs whose journal is damaged. */
  readonly unread: readonly string[];
}

/** Which journals are read. */
export interface JournalsAsked {
  readonly stateDir: string;
  readonly budgets: readonly Budget[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** A run that is left out. @default none */
  readonly except?: string;
  /** Whether what a run holds is known otherwise; of others, calls without an end have spent it. @default of none */
  readonly isLive?: (runId: string) => boolean;
}

/** Reads what the runs in a state folder have spent within the windows of these budgets that outlast a run. */
export function spentInJournals(asked: JournalsAsked): JournalsRead {
  const { stateDir, budgets, now, except, isLive = () => false } = asked;
  const lasting = budgets.filter(({ window }) => window !== "run");
  const since = Math.min(...lasting.map(({ window }) => windowStart(window, now)));
  const runs = join(stateDir, "runs");
  const spent: SpentCall[] = [];
  const unread: string[] = [];
  for (const id of lasting.length > 0 && existsSync(runs) ? readdirSync(runs) : []) {
    const journal = join(runs, id, "journal.ndjson");
    const stat = statSync(journal, { throwIfNoEntry: false });
    // It grows at its end, so what was last written before tells nothing newer.
    if (id === except || stat === undefined || stat.mtimeMs < since) continue;
    try {
      spent.push(...spentOf(readJournal(journal).events, { countsOpen: !isLive(id) }));
    } catch (error) {
      if (!isSheafError(error, "JOURNAL_DAMAGED")) throw error;
      unread.push(id);
    }
  }
  return { spent, unread };
}
