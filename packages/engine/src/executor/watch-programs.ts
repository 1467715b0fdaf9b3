import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AttemptRequest, Observed } from "@sheaf/core";
import { parseTrackLog, trackEnvironment } from "@sheaf/workdir";
import { pathInRoom, placeInRoom } from "./room-path.ts";

/** The watching of all programs that a command starts. */
export interface WatchedPrograms {
  /** To be added to the command's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What they looked at; asked for when all of them have ended, but for those that `escaped`. */
  observed(escaped: boolean): Observed | null;
}

const UNWATCHED: WatchedPrograms = { env: {}, observed: () => null };

/** What separates the folders that the library watches. */
const SEPARATOR = ":";

const UNWATCHABLE: WatchedPrograms = {
  env: {},
  observed: () => ({
    observations: [],
    incomplete: `The tracker cannot watch a work directory with "${SEPARATOR}" in its path.`,
  }),
};

/** Has the programs of a command tell what they look at in the work directory, where that was asked for. */
export function watchPrograms({ shim, place }: AttemptRequest): WatchedPrograms {
  const { room = null, beside } = place;
  const { view } = placeInRoom(place);
  if (shim === null || view === null || beside === null) return UNWATCHED;
  if (view.includes(SEPARATOR)) return UNWATCHABLE;
  const log = join(beside, "reads.log");
  writeFileSync(log, "");
  const seen = (path: string): string => (room === null ? path : pathInRoom(room, path));
  return {
    env: trackEnvironment(seen(shim), seen(log), view),
    observed(escaped) {
      if (escaped) return { observations: [], incomplete: "A program has left the command's group." };
      try {
        return parseTrackLog(readFileSync(log), view);
      } catch {
        return { observations: [], incomplete: "The log of the tracker is gone." };
      }
    },
  };
}
