import type { StagingRung } from "./workdir.ts";

/** How views are filled, why, and what would be better. */
export interface RungChoice {
  readonly rung: StagingRung;
  /** In words that follow "views are". */
  readonly why: string;
  /** What a person can do for a better rung; null where there is none. */
  readonly better: string | null;
}

const LINKS = "hard links to private copies where writes are declared, else copies";

/** Returns the rung for this user and system, or the one that was asked for. */
export function stagingRung(asked?: StagingRung): RungChoice {
  const root = process.getuid?.() === 0;
  const rung = asked ?? (root || process.platform === "win32" ? "copy" : "hardlink");
  if (rung === "hardlink") return { rung, why: LINKS, better: null };
  if (root) {
    return {
      rung,
      why: "copies, because root is not stopped by file modes",
      better: "run as an ordinary user, whom file modes keep from writing through a link",
    };
  }
  const better = asked === undefined ? null : "leave SHEAF_STAGING at auto, for hard links";
  return { rung, why: "copies", better };
}
