import { collectGarbage, type Garbage, type GarbageRules } from "@sheaf/engine";
import { formatBytes } from "../show/bytes.ts";
import { counted } from "../show/counted.ts";
import { stateTable } from "../show/state-table.ts";
import { EXIT, type Io } from "./io.ts";
import { parseAge, parseCount, parseSize } from "./quantities.ts";
import { statePlace } from "./state-place.ts";

export interface GcFlags {
  readonly dir?: string;
  readonly olderThan?: string;
  readonly keep?: string;
  readonly maxSize?: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/**
 * Removes the state of runs that nobody needs any more and prints what was freed.
 *
 * @throws SheafError DIR_BUSY while a run holds the directory; OPTION_INVALID
 */
export function gcCommand(flags: GcFlags, { io, now }: { readonly io: Io; readonly now: number }): number {
  const place = statePlace(flags.dir, io);
  const dryRun = flags.dryRun === true;
  const garbage = collectGarbage({ ...place, rules: rulesOf(flags), dryRun, now });
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
  { removed, kept, freedBytes }: Garbage,
  { dryRun, now }: { readonly dryRun: boolean; readonly now: number },
): readonly string[] {
  const what = counted(removed.length, "run");
  const freed = dryRun
    ? `Would free ${formatBytes(freedBytes)}: the state of ${what}.`
    : `Freed ${formatBytes(freedBytes)}: the state of ${what}.`;
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
