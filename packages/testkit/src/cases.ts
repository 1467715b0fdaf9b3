/** How many random cases a property test runs, and from which seed. */
export interface Cases {
  readonly numRuns: number;
  readonly seed: number;
}

interface CaseCounts {
  /** With `npm test`. */
  readonly ci: number;
  /**
   * Where everything is checked (CI is set), in the first of the test runs there.
   *
   * @default ci
   */
  readonly full?: number;
  /** With TEST_DEEP=1. */
  readonly deep: number;
  /**
   * Seed of a proof whose cases are frozen.
   *
   * @default drawn anew
   */
  readonly seed?: number;
}

// A second test run, on another Node, repeats little of what takes long.
const isFullCheck = (): boolean => process.env.CI !== undefined && process.env.TEST_AGAIN !== "1";

/** Returns how many cases a test is to run. */
export function caseCount({ ci, full = ci, deep }: Omit<CaseCounts, "seed">): number {
  if (process.env.TEST_DEEP === "1") return deep;
  return isFullCheck() ? full : ci;
}

/** Returns the parameters of a property test. TEST_SEED repeats a run; the seed is part of every failure's message. */
export function cases({ seed, ...counts }: CaseCounts): Cases {
  const given = Number(process.env.TEST_SEED);
  const isGiven = Number.isInteger(given) && given > 0;
  return {
    numRuns: caseCount(counts),
    seed: isGiven ? given : (seed ?? Math.floor(Math.random() * 2 ** 31)),
  };
}
