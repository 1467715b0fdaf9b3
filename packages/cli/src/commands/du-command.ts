import { existsSync } from "node:fs";
import { diskUsage, listRunStates } from "@sheaf/engine";
import { formatBytes } from "../show/bytes.ts";
import { counted } from "../show/counted.ts";
import { stateTable } from "../show/state-table.ts";
import { EXIT, type Io } from "./io.ts";
import { statePlace } from "./state-place.ts";

export interface DuFlags {
  readonly dir?: string;
  readonly json?: boolean;
}

/** Prints what the runs of a directory keep on the disk, the oldest first. */
export function duCommand(flags: DuFlags, { io, now }: { readonly io: Io; readonly now: number }): number {
  const { dir, stateDir } = statePlace(flags.dir, io);
  const runs = existsSync(stateDir) ? listRunStates(stateDir) : [];
  const bytes = runs.reduce((sum, run) => sum + run.bytes, 0);
  const { runs: _, ...beside } = diskUsage(stateDir).parts;
  if (flags.json === true) {
    io.stdout.write(`${JSON.stringify({ dir, stateDir, bytes, runs, beside }, null, 2)}\n`);
    return EXIT.succeeded;
  }
  for (const line of stateTable(runs, now)) io.stdout.write(`${line}\n`);
  const total = `${formatBytes(bytes)} in ${counted(runs.length, "run")} below ${stateDir}`;
  io.stdout.write(`${runs.length === 0 ? "" : "\n"}${total}\n`);
  for (const line of besideLines(beside)) io.stdout.write(`${line}\n`);
  return EXIT.succeeded;
}

/** What is kept for later runs, the largest first. */
function besideLines(beside: Readonly<Record<string, number>>): readonly string[] {
  const parts = Object.entries(beside)
    .filter(([, bytes]) => bytes > 0)
    .sort(([a, x], [b, y]) => y - x || a.localeCompare(b))
    .map(([name, bytes]) => `${name} ${formatBytes(bytes)}`);
  return parts.length === 0 ? [] : [`Kept beside them: ${parts.join(", ")}`];
}
