import { setImmediate, setTimeout } from "node:timers/promises";

/** How long what was begun with files is waited for, in ms. */
const PATIENCE_MS = 2_000;

/** Requests that come to their end by themselves, and soon. */
const FILE_REQUESTS = new Set(["FSReqPromise", "FSReqCallback", "CloseReq"]);

// What keeps the loop alive: timers, requests to the system, open handles; unreferenced ones are not among them.
function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

/**
 * Remembers what keeps the loop of this thread alive now. The returned function tells whether nothing has been added
 * since. It waits for reads and writes of files, which would be cut off else, and for nothing else.
 */
export function watchIdle(): () => Promise<boolean> {
  const before = activeResources();
  const added = (): string[] =>
    [...activeResources()].filter(([type, count]) => count > (before.get(type) ?? 0)).map(([type]) => type);
  return async () => {
    const since = performance.now();
    // What was merely to be put away is gone after a turn of the loop.
    await setImmediate();
    for (let types = added(); types.length > 0; types = added()) {
      if (!types.every((type) => FILE_REQUESTS.has(type))) return false;
      if (performance.now() - since > PATIENCE_MS) return false;
      await setTimeout(1, undefined, { ref: false });
    }
    return true;
  };
}
