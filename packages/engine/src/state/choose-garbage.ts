// Which runs' state may go. Pure: what is removed follows in collect-garbage.ts.
import type { RunState } from "./run-states.ts";

const DAY_MS = 86_400_000;

/** A run that did not succeed may still be gone on with; that long its state is not touched unless that is asked for. */
const UNSUCCESSFUL_KEPT_MS = 30 * DAY_MS;

/** What is asked for. */
export interface GarbageRules {
  /** Only runs whose last event is at least so old, in ms. */
  readonly olderThanMs: number;
  /** So many runs stay, the latest. */
  readonly keep: number;
  /** Runs go, the oldest first, only until all together take no more than this; null: all that may go. */
  readonly maxBytes: number | null;
  /** Also runs that did not succeed and are younger than 30 days. */
  readonly all: boolean;
}

/** A run that stays, and why. */
export interface KeptState {
  readonly run: RunState;
  readonly why: string;
}

export interface GarbageChoice {
  /** The oldest first. */
  readonly go: readonly RunState[];
  readonly stay: readonly KeptState[];
}

/** Chooses among runs, which come the oldest first. `now` is in ms since 1970. */
export function chooseGarbage(runs: readonly RunState[], rules: GarbageRules, now: number): GarbageChoice {
  const go: RunState[] = [];
  const stay: KeptState[] = [];
  let left = runs.reduce((sum, { bytes }) => sum + bytes, 0);
  const latest = runs.filter(({ status }) => status !== "unknown");
  const firstKept = latest.length - rules.keep;
  for (const run of runs) {
    const position = latest.indexOf(run);
    const why =
      whyNot(run, rules, now) ??
      (position >= firstKept ? `it is one of the last ${rules.keep}` : null) ??
      (rules.maxBytes !== null && left <= rules.maxBytes ? "there is room for it" : null);
    if (why !== null) stay.push({ run, why });
    else {
      go.push(run);
      left -= run.bytes;
    }
  }
  return { go, stay };
}

function whyNot(
  { status, lastAt }: RunState,
  { olderThanMs, all }: GarbageRules,
  now: number,
): string | null {
  if (status === "unknown" || lastAt === null) return "it has no journal that can be read";
  const age = now - lastAt;
  if (age < olderThanMs) return "it is younger than asked";
  if (status !== "succeeded" && age < UNSUCCESSFUL_KEPT_MS && !all)
    return "it can be gone on with; --all, or 30 days, let it go";
  return null;
}
