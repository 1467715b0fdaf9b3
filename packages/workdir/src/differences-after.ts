import { applyChanges, type Change, type TaskChange } from "./change.ts";
import type { Effects } from "./effects.ts";

/**
 * Returns where an attempt would have read something else had these writes been there already; at most 20 paths.
 * Empty, too, where the writes do not fit what it was shown: then nothing is known.
 */
export async function differencesAfter(
  writes: Effects,
  { snapshot, reads }: Effects,
): Promise<readonly string[]> {
  const applied = await applyChanges(snapshot, writes.changes.map(asPut));
  return "tree" in applied ? reads.differences(snapshot, applied.tree) : [];
}

// That something was added is all that matters here.
function asPut(change: TaskChange): Change {
  return change.op === "append" ? { ...change, op: "put" } : change;
}
