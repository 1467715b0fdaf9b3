import type { AttemptPlace, Observed } from "@sheaf/core";
import { type TrackedReads, trackedObservations } from "@sheaf/workdir/tracking";

/** What the hook that workers preload offers; it is absent where tracking is switched off. */
interface FsHook {
  start(root: string, shared: AttemptPlace["shared"]): void;
  stop(): TrackedReads;
}

/**
 * Begins to watch what code of this thread looks at in its view, and past it. The returned function ends that and says
 * what was seen, or null where nobody watches.
 */
export function trackReads({ view, shared }: AttemptPlace): () => Observed | null {
  const hook = (globalThis as { readonly [key: symbol]: FsHook | undefined })[Symbol.for("sheaf.fs-hook")];
  if (hook === undefined || view === null) return () => null;
  hook.start(view, shared);
  return () => trackedObservations(hook.stop());
}
