/** How many random cases a property test runs, and from which seed. */
export interface Cases {
  readonly numRuns: number;
  readonly seed: number;
}

/**
 * Returns the parameters of a property test: few cases in CI, many with TEST_DEEP=1. TEST_SEED repeats a run; the seed
 * is part of every failure's message.
 */
export function cases(count: { readonly ci: number; readonly deep: number }): Cases {
  const given = Number(process.env.TEST_SEED);
  const seed = Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31);
  return { numRuns: process.env.TEST_DEEP === "1" ? count.deep : count.ci, seed };
}
