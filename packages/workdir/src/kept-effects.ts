// What an attempt read and wrote as plain data, to be used again when it would read the same.

import type { Effects } from "./effects.ts";
import { type KeptChange, keepChanges, restoreChanges } from "./kept-changes.ts";
import { type RecordedReads, readsHold, recordedReads } from "./reads.ts";
import type { Tree } from "./tree.ts";

export interface KeptEffects {
  readonly reads: RecordedReads;
  readonly changes: readonly KeptChange[];
}

/** Returns effects as plain data. Hashes what was read. */
export async function keepEffects({ reads, snapshot, changes }: Effects): Promise<KeptEffects> {
  return { reads: await reads.record(snapshot), changes: keepChanges(changes) };
}

/** Returns what the attempt would do to this tree, or null when it would read something else there. */
export async function restoreEffects(
  kept: KeptEffects,
  taskId: string,
  snapshot: Tree,
): Promise<Effects | null> {
  if (!(await readsHold(snapshot, kept.reads))) return null;
  return {
    ...{ taskId, snapshot, reads: recordedReads(kept.reads), changes: restoreChanges(kept.changes) },
    ...{ undeclared: [], undeclaredReads: [], tampered: [], heldBy: [] },
  };
}
