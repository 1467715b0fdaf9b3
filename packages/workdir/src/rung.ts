import type { OverlayVerdict } from "./overlay/probe-verdict.ts";
import type { StagingRung } from "./workdir.ts";

/** How the views of a run are made. */
export interface ChosenRung {
  readonly rung: StagingRung;
  /** Files that are only read may be hard links in views that are filled. */
  readonly links: boolean;
  /** Why, in words that follow "views are". */
  readonly reason: string;
}

const FILLED = {
  links: "hard links to private copies where writes are declared, else copies",
  rootCopies: "copies, because root is not stopped by file modes",
  copies: "copies",
} as const;

/** Chooses how views are made, from what was asked for and whether overlays work; null where nobody has looked. */
export function chooseRung(asked: StagingRung | undefined, verdict: OverlayVerdict | null): ChosenRung {
  const root = process.getuid?.() === 0;
  const canLink = !root && process.platform !== "win32";
  if (asked === "overlay" || (asked === undefined && verdict?.ok === true)) {
    const filled = canLink ? FILLED.links : FILLED.copies;
    const reason = `overlays where everything is shown to a worker or command, else ${filled}`;
    return { rung: "overlay", links: canLink, reason };
  }
  const links = asked === "hardlink" || (asked === undefined && canLink);
  const filled = links ? FILLED.links : root ? FILLED.rootCopies : FILLED.copies;
  const reason =
    verdict?.ok === false ? `${filled}; no overlays, as ${verdict.why}: ${verdict.remedy}` : filled;
  return { rung: links ? "hardlink" : "copy", links, reason };
}
