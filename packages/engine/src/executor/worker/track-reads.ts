import type { Observed } from "@sheaf/core";
import { type TrackedReads, trackedObservations } from "@sheaf/workdir/tracking";

/** What the hook that workers preload offers; it is absent where tracking is switched off. */
interface FsHook {
  start(root: string): void;
  stop(): TrackedReads;
}

/**
 * Begins to watch what code of this thread looks at below `root`. The returned function ends that and says what was
 * seen, or null where nobody watches.
 */
export function trackReads(root: string | null): () => Observed | null {
  const hook = (globalThis as { readonly [key: symbol]: FsHook | undefined })[Symbol.for("sheaf.fs-hook")];
  if (hook === undefined || root === null) return () => null;
  hook.start(root);
  return () => trackedObservations(hook.stop());
}
