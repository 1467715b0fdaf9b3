import { inDirectory, writing } from "./in-directory.ts";
import { independent, layered, planning } from "./in-process.ts";
import type { OverheadContest } from "./overhead-contest.ts";
import { ownPath } from "./own-path.ts";
import { commands, processes, threads } from "./workers.ts";

/** A contest about overhead, by name, so that another process can hold it. */
export interface ListedContest {
  readonly make: (seed: number) => OverheadContest;
  /** Where it is held: one that makes files in the first place, which is in memory if there is one, or in every one. */
  readonly files: "none" | "first" | "every";
}

export const CONTESTS: Readonly<Record<string, ListedContest>> = {
  planning: { make: planning, files: "none" },
  layered: { make: layered, files: "none" },
  independent: { make: independent, files: "none" },
  inDirectory: { make: inDirectory, files: "every" },
  writing: { make: writing, files: "first" },
  threads: { make: threads, files: "every" },
  processes: { make: processes, files: "every" },
  commands: { make: commands, files: "every" },
  ownPath: { make: ownPath, files: "every" },
};
