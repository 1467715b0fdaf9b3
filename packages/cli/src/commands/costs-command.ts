import { SheafError } from "@sheaf/core";
import {
  COST_HEADINGS,
  type CostHeading,
  type CostLine,
  type CostTable,
  type OutcomeTable,
  ROUTE_WINDOWS,
  windowSince,
} from "@sheaf/ledger";
import { costsCsv, costsText } from "../show/costs-text.ts";
import { outcomesCsv, outcomesText } from "../show/outcomes-text.ts";
import { EXIT, type Io } from "./io.ts";
import { askBill } from "./open-history.ts";
import { routeCosts } from "./route-costs.ts";
import { parseSince } from "./since.ts";

export interface CostsFlags {
  readonly dir?: string;
  readonly by?: string;
  readonly since?: string;
  readonly window?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** What asks for the outcomes of attempts in place of one heading. */
export const BY_OUTCOME = "task,agent";

const NO_COST: CostLine = {
  ...{ usd: 0, partial: false, unmetered: 0, calls: 0, unpricedCalls: 0, estimatedCalls: 0 },
  ...{ inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
};
const NOTHING: CostTable = { lines: [], total: NO_COST, memoSavedUsd: 0 };
const NO_OUTCOMES: OutcomeTable = { lines: [], cheapest: [], total: NO_COST };

/**
 * Prints what the runs of a directory have cost.
 *
 * @throws SheafError OPTION_INVALID, HISTORY_UNUSABLE
 */
export async function costsCommand(
  flags: CostsFlags,
  { io, now }: { readonly io: Io; readonly now: number },
): Promise<number> {
  const since = sinceOf(flags, now);
  if (flags.by?.replaceAll(" ", "") === BY_OUTCOME) {
    io.stdout.write(`${await outcomesOf(flags, { io, since })}\n`);
    return EXIT.succeeded;
  }
  const by = headingOf(flags.by);
  if (by === "route") return await routeCosts(flags, { io, since });
  const { costs, where } = await askBill({ dir: flags.dir, io, since }, async (index, { dir }) => ({
    costs: index === null ? NOTHING : await index.costs({ by, since }),
    where: dir,
  }));
  io.stdout.write(`${textOf(flags, { by, since, costs, where })}\n`);
  return EXIT.succeeded;
}

function sinceOf({ since, window }: CostsFlags, now: number): number | null {
  if (window === undefined) return since === undefined ? null : parseSince(since, now);
  const known = ROUTE_WINDOWS.find((each) => each === window);
  if (known !== undefined) return windowSince(known, now);
  const expected = `one of ${ROUTE_WINDOWS.join(", ")}`;
  throw new SheafError("OPTION_INVALID", { option: "--window", expected, got: window });
}

function headingOf(text = "model"): CostHeading {
  const heading = COST_HEADINGS.find((each) => each === text);
  if (heading !== undefined) return heading;
  const expected = `one of ${[...COST_HEADINGS, BY_OUTCOME].join(", ")}`;
  throw new SheafError("OPTION_INVALID", { option: "--by", expected, got: text });
}

async function outcomesOf(
  flags: CostsFlags,
  { io, since }: { readonly io: Io; readonly since: number | null },
): Promise<string> {
  const { outcomes, where } = await askBill({ dir: flags.dir, io, since }, async (index, { dir }) => ({
    outcomes: index === null ? NO_OUTCOMES : await index.outcomes({ since }),
    where: dir,
  }));
  if (flags.csv === true) return outcomesCsv(outcomes);
  if (flags.json !== true) return outcomesText(outcomes, { since });
  return JSON.stringify({ dir: where, by: BY_OUTCOME, since: momentOf(since), ...outcomes }, null, 2);
}

const momentOf = (since: number | null): string | null =>
  since === null ? null : new Date(since).toISOString();

interface Answer {
  readonly by: CostHeading;
  readonly since: number | null;
  readonly costs: CostTable;
  readonly where: string;
}

function textOf(flags: CostsFlags, { by, since, costs, where }: Answer): string {
  if (flags.csv === true) return costsCsv(costs, by);
  if (flags.json !== true) return costsText(costs, { by, since });
  return JSON.stringify({ dir: where, by, since: momentOf(since), ...costs }, null, 2);
}
