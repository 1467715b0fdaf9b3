import {
  collectGarbage,
  type Garbage,
  type GarbageRules,
  readSettings,
  sharedMemoFolder,
} from "@sheaf/engine";
import { formatBytes } from "../show/bytes.ts";
import { counted } from "../show/counted.ts";
import { stateTable } from "../show/state-table.ts";
import { EXIT, type Io } from "./io.ts";
import { keepCosts } from "./open-history.ts";
import { parseAge, parseCount, parseSize } from "./quantities.ts";
import { statePlace } from "./state-place.ts";

export interface GcFlags {
  readonly dir?: string;
  readonly olderThan?: string;
  readonly keep?: string;
  readonly maxSize?: string;
  readonly all?: boolean;
  readonly sharedMemo?: boolean;
  readonly forgetCosts?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/**
 * Removes the state of runs that nobody needs any more and prints what was freed.
 *
 * @throws SheafError DIR_BUSY while a run holds the directory; HISTORY_UNUSABLE when what runs have cost cannot be kept;
 * OPTION_INVALID
 */
export async function gcCommand(
  flags: GcFlags,
  { io, now }: { readonly io: Io; readonly now: number },
): Promise<number> {
  const place = statePlace(flags.dir, io);
  const dryRun = flags.dryRun === true;
  const { settings } = readSettings({}, io.env);
  const sharedMemo = flags.sharedMemo === true ? sharedMemoFolder(settings) : null;
  const garbage = await collectGarbage({
    ...{ ...place, rules: rulesOf(flags), sharedMemo, dryRun, now },
    ...(flags.forgetCosts === true
      ? {}
      : { keepCosts: (runs) => keepCosts(runs, { dir: place.dir, io, now }) }),
  });
  const text =
    flags.json === true
      ? JSON.stringify({ ...place, dryRun, ...garbage }, null, 2)
      : readable(garbage, { dryRun, now }).join("\n");
  io.stdout.write(`${text}\n`);
  return EXIT.succeeded;
}

function rulesOf({ olderThan, keep, maxSize, all }: GcFlags): GarbageRules {
  return {
    olderThanMs: olderThan === undefined ? 0 : parseAge("--older-than", olderThan),
    keep: keep === undefined ? 0 : parseCount("--keep", keep),
    maxBytes: maxSize === undefined ? null : parseSize("--max-size", maxSize),
    all: all === true,
  };
}

function readable(
  { removed, kept, memos, freedBytes }: Garbage,
  { dryRun, now }: { readonly dryRun: boolean; readonly now: number },
): readonly string[] {
  const what = counted(removed.length, "run");
  const entries = memos.reduce((sum, memo) => sum + memo.removed, 0);
  const memo = entries === 0 ? "" : ` and ${entries === 1 ? "1 entry" : `${entries} entries`} of the memo`;
  const freed = `${dryRun ? "Would free" : "Freed"} ${formatBytes(freedBytes)}: the state of ${what}${memo}.`;
  const reasons = new Map<string, number>();
  for (const { why } of kept) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  const staying = [...reasons].map(([why, count]) => `  ${counted(count, "run")}: ${why}`);
  return [
    ...stateTable(removed, now),
    ...(removed.length === 0 ? [] : [""]),
    freed,
    ...(staying.length === 0 ? [] : ["", "Kept:", ...staying]),
  ];
}
