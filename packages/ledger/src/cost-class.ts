/**
 * Where money went. The list is closed: every dollar has one class, and the classes sum to the total.
 *
 * `useful`: of an attempt that was committed, or whose fate is not decided yet. `http-retry`: of a request that was
 * sent again. `failed-attempt`: of an attempt that failed, was lost or ended early, or whose result never counted.
 * `conflict-rerun`: of an attempt that was thrown away because what it had read was different in serial order.
 * `tournament-loser`: of a variant that was not taken. `analysis`: of finding dependencies.
 * `estimated-crash`: of a call whose answer was lost with its worker, estimated.
 */
export const COST_CLASSES = [
  "useful",
  "http-retry",
  "failed-attempt",
  "conflict-rerun",
  "tournament-loser",
  "analysis",
  "estimated-crash",
] as const;

export type CostClass = (typeof COST_CLASSES)[number];
