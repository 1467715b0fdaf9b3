import { existsSync } from "node:fs";
import { listRunStates } from "@sheaf/engine";
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
  if (flags.json === true) {
    io.stdout.write(`${JSON.stringify({ dir, stateDir, bytes, runs }, null, 2)}\n`);
    return EXIT.succeeded;
  }
  for (const line of stateTable(runs, now)) io.stdout.write(`${line}\n`);
  const total = `${formatBytes(bytes)} in ${counted(runs.length, "run")} below ${stateDir}`;
  io.stdout.write(`${runs.length === 0 ? "" : "\n"}${total}\n`);
  return EXIT.succeeded;
}
