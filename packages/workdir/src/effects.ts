import type { TaskChange } from "./change.ts";
import type { Reads } from "./reads.ts";
import type { Tree } from "./tree.ts";

/** What an attempt read and wrote. */
export interface Effects {
  readonly taskId: string;
  /** What it was shown it from. */
  readonly snapshot: Tree;
  readonly reads: Reads;
  /** Paths that it looked at without having declared them, as far as that was observed. */
  readonly undeclaredReads: readonly string[];
  readonly changes: readonly TaskChange[];
  /** Paths changed against the task's declaration, or frozen. */
  readonly undeclared: readonly string[];
  /** Paths at which it may have seen something else than its snapshot: bytes changed through a shared link, or it looked past its view. */
  readonly uncertain: readonly string[];
  /** Who still used the view when it was sealed, in words; what it wrote was copied then, and its mount stays. */
  readonly heldBy: readonly string[];
}
