import { isMachineRoot } from "./user-namespace.ts";

/**
 * Tells whether a task can change a file or folder through an overlay that this user mounts.
 *
 * In the user namespace of an ordinary user there is one user and one group; in that of a container there are some. A write to a file of another one must
 * copy it up with its owner, for which the kernel has no number: it fails with EOVERFLOW ("Value too large for defined
 * data type"). So does a new file in a folder of another owner; a file of one of the user's further groups counts as
 * another's. Reading works.
 *
 * Two comparisons of a stat that a scan takes anyway: a tree for which this is true everywhere can be a lower layer.
 */
export function canCopyUp(stat: { readonly uid: number; readonly gid: number }): boolean {
  const user = process.geteuid?.();
  return isMachineRoot() || (stat.uid === user && stat.gid === process.getegid?.());
}
