import type { SettledConflict } from "@sheaf/core";

/** Says what policies did with conflicts. */
export function sayMerges(merges: readonly SettledConflict[]): string {
  return merges
    .map(
      ({ what, policy, with: writer }) =>
        `${policy} settled ${what}, changed ${writer === null ? "meanwhile" : `by ${writer}`}`,
    )
    .join("; ");
}
