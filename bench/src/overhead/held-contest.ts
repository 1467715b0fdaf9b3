import type { ContestResult, Standing } from "../measure/contest.ts";

/** Which contest to hold. */
export interface OverheadRequest {
  readonly name: string;
  readonly rounds: number;
  readonly seed: number;
}

/** A contest that was held. */
export interface HeldContest {
  readonly what: string;
  readonly yardstick: string;
  /** How many tasks stand behind each cost, by name. A cost that is not here comes once, not with each task. */
  readonly tasks: Readonly<Record<string, number>>;
  readonly result: ContestResult;
}

/** What one task took, in us. */
export interface PerTaskUs {
  readonly cpuUs: number;
  readonly wallUs: number;
}

/** Returns what one task took, or null for what comes once. */
export function perTaskUs(contest: HeldContest, { name, cpuMs, wallMs }: Standing): PerTaskUs | null {
  const tasks = contest.tasks[name];
  if (tasks === undefined) return null;
  return { cpuUs: (1_000 * cpuMs.median) / tasks, wallUs: (1_000 * wallMs.median) / tasks };
}
