import { SheafError } from "@sheaf/core";
import { COST_HEADINGS, type CostHeading, type CostTable } from "@sheaf/ledger";
import { costsCsv, costsText } from "../show/costs-text.ts";
import { EXIT, type Io } from "./io.ts";
import { askHistory } from "./open-history.ts";
import { parseSince } from "./since.ts";

export interface CostsFlags {
  readonly dir?: string;
  readonly by?: string;
  readonly since?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

const NOTHING: CostTable = {
  lines: [],
  total: {
    ...{ usd: 0, partial: false, unmetered: 0, calls: 0, unpricedCalls: 0 },
    ...{ inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
  },
  memoSavedUsd: 0,
};

/**
 * Prints what the runs of a directory have cost.
 *
 * @throws SheafError OPTION_INVALID, HISTORY_UNUSABLE
 */
export async function costsCommand(
  flags: CostsFlags,
  { io, now }: { readonly io: Io; readonly now: number },
): Promise<number> {
  const by = headingOf(flags.by);
  const since = flags.since === undefined ? null : parseSince(flags.since, now);
  const { costs, where } = await askHistory({ dir: flags.dir, io }, async (index, { dir }) => ({
    costs: index === null ? NOTHING : await index.costs({ by, since }),
    where: dir,
  }));
  io.stdout.write(`${textOf(flags, { by, since, costs, where })}\n`);
  return EXIT.succeeded;
}

function headingOf(text = "model"): CostHeading {
  const heading = COST_HEADINGS.find((each) => each === text);
  if (heading !== undefined) return heading;
  const expected = `one of ${COST_HEADINGS.join(", ")}`;
  throw new SheafError("OPTION_INVALID", { option: "--by", expected, got: text });
}

interface Answer {
  readonly by: CostHeading;
  readonly since: number | null;
  readonly costs: CostTable;
  readonly where: string;
}

function textOf(flags: CostsFlags, { by, since, costs, where }: Answer): string {
  if (flags.csv === true) return costsCsv(costs, by);
  if (flags.json !== true) return costsText(costs, { by, since });
  const from = since === null ? null : new Date(since).toISOString();
  return JSON.stringify({ dir: where, by, since: from, ...costs }, null, 2);
}
