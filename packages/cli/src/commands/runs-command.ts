import type { RunLine } from "@sheaf/ledger";
import { runsCsv, runsText } from "../show/runs-text.ts";
import { EXIT, type Io } from "./io.ts";
import { askHistory } from "./open-history.ts";
import { parseCount } from "./quantities.ts";
import { parseSince } from "./since.ts";

const MOST_RUNS = 20;

export interface RunsFlags {
  readonly dir?: string;
  readonly since?: string;
  readonly last?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

/**
 * Prints the runs of a directory, the latest first.
 *
 * @throws SheafError OPTION_INVALID, HISTORY_UNUSABLE
 */
export async function runsCommand(
  flags: RunsFlags,
  { io, now }: { readonly io: Io; readonly now: number },
): Promise<number> {
  const since = flags.since === undefined ? null : parseSince(flags.since, now);
  const last = flags.last === undefined ? null : parseCount("--last", flags.last);
  const { runs, where } = await askHistory({ dir: flags.dir, io }, async (index, { dir }) => ({
    runs: index === null ? [] : await index.runs({ since }),
    where: dir,
  }));
  io.stdout.write(`${textOf(flags, { runs, last, since, now, where })}\n`);
  return EXIT.succeeded;
}

interface Answer {
  readonly runs: readonly RunLine[];
  readonly last: number | null;
  readonly since: number | null;
  readonly now: number;
  readonly where: string;
}

function textOf(flags: RunsFlags, { runs, last, since, now, where }: Answer): string {
  if (flags.csv === true) return runsCsv(runs.slice(0, last ?? runs.length));
  if (flags.json === true)
    return JSON.stringify({ dir: where, runs: runs.slice(0, last ?? runs.length) }, null, 2);
  return runsText(runs, { most: last ?? (since === null ? MOST_RUNS : runs.length), since, now });
}
