import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type RunStatus, SheafError } from "@sheaf/core";
import { readJournal } from "@sheaf/ledger";
import { JOURNAL_FILE } from "../run/session.ts";
import { diskUsage } from "./disk-usage.ts";

/** `unfinished`: it runs, or was killed. `unknown`: its folder holds no journal that can be read. */
export type RunStateStatus = RunStatus | "unfinished" | "unknown";

/** What one run keeps on the disk. */
export interface RunState {
  readonly id: string;
  /** Absolute path. */
  readonly folder: string;
  readonly status: RunStateStatus;
  /** The directory that it worked on; null where it had none, or where that is not known. */
  readonly dir: string | null;
  /** Time of its first event, in ms since 1970; null where that is not known. */
  readonly startedAt: number | null;
  /** Time of its last event, in ms since 1970; null where that is not known. */
  readonly lastAt: number | null;
  /** Bytes on the disk that its removal would give back. */
  readonly bytes: number;
  /** The same by part: `journal.ndjson`, `tasks`, `layers` and so on. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Returns what the runs in a state folder keep, the oldest first; those whose age is not known come before all. */
export function listRunStates(stateDir: string): readonly RunState[] {
  const runs = join(stateDir, "runs");
  return namesIn(runs)
    .map((id) => ({ id, folder: join(runs, id) }))
    .filter(({ folder }) => lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true)
    .map(({ id, folder }) => ({ id, folder, ...story(folder), ...diskUsage(folder) }))
    .sort((a, b) => (a.lastAt ?? 0) - (b.lastAt ?? 0) || (a.id < b.id ? -1 : 1));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

type Story = Pick<RunState, "status" | "dir" | "startedAt" | "lastAt">;

const UNKNOWN: Story = { status: "unknown", dir: null, startedAt: null, lastAt: null };

function story(folder: string): Story {
  try {
    const { events } = readJournal(join(folder, JOURNAL_FILE));
    const last = events.at(-1);
    if (last === undefined) return UNKNOWN;
    const started = events.find((event) => event.type === "run.started");
    const status = last.type === "run.finished" ? last.status : "unfinished";
    return { status, dir: started?.dir ?? null, startedAt: events[0]!.at, lastAt: last.at };
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (absent || error instanceof SheafError) return UNKNOWN;
    throw error;
  }
}
