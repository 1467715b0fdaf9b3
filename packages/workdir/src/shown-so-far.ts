import type { Effects } from "./effects.ts";
import { shownReads } from "./reads.ts";
import type { OpenView, View } from "./view.ts";

/** Returns what an attempt that runs may have read: all that its view has shown it so far. Of its writes nothing is known. */
export function shownSoFar(view: View): Effects {
  const { taskId, snapshot, shown, asked } = view as OpenView;
  const reads = shownReads({ globs: shown, asked: [...asked] });
  return {
    ...{ taskId, snapshot, reads, changes: [] },
    ...{ undeclaredReads: [], undeclared: [], uncertain: [], heldBy: [] },
  };
}
