// What the user has said about some paths, by glob.
import { pathProblem } from "./relative-path.ts";
import { type Visible, visible } from "./visible.ts";

/**
 * What happens at a path beside the usual.
 *
 * - `rerun`: nothing; a conflict makes the task run again
 * - `append`: what a task adds at the end of a file is added to whatever is committed, and is no read of the file
 * - `temp`: what a task does there stays its own and is never committed
 * - `same-content`: a task that wrote what is committed by now, and did not read the path, does not run again
 * - `merge:text`: lines that the task changed and lines that others changed are merged, where that is possible
 * - `take:earlier`: what is committed stays
 * - `take:later`: what the task wrote is committed
 * - `fail`: the task fails
 */
export type Policy = (typeof POLICY_NAMES)[number];

/** Policies by glob; the first glob that matches a path counts. */
export type PolicyMap = Readonly<Record<string, Policy>>;

export const POLICY_NAMES = [
  "rerun",
  "append",
  "temp",
  "same-content",
  "merge:text",
  "take:earlier",
  "take:later",
  "fail",
] as const;

export interface Policies {
  of(path: string): Policy;
  /** Tells whether this folder leads to paths with a policy of this name. */
  leadsTo(policy: Policy, folder: string): boolean;
}

/** Tells whether a value is a map of globs below the shared directory to policies. */
export function isPolicyMap(value: unknown): value is PolicyMap {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([glob, policy]) => pathProblem(glob) === undefined && POLICY_NAMES.includes(policy as Policy),
  );
}

/**
 * Returns the policies of paths. A glob covers what it matches and all below that.
 *
 * @throws SheafError OPTION_INVALID for an absolute glob or one that leaves the directory.
 */
export function policiesOf(map: PolicyMap): Policies {
  const entries = Object.entries(map).map(([glob, policy]): readonly [Visible, Policy] => [
    visible([glob]),
    policy,
  ]);
  return {
    of: (path) => entries.find(([paths]) => paths.shown(path) === "all")?.[1] ?? "rerun",
    leadsTo: (wanted, folder) =>
      entries.some(([paths, policy]) => policy === wanted && paths.shown(folder) === "presence"),
  };
}
