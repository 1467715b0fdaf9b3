import { systemClock } from "@sheaf/core";
import { sayEnd, startNode } from "./guarded-process.ts";
import { workerFile } from "./worker-file.ts";

/** A snapshot of routes to be written. */
export interface SnapshotOrder {
  readonly stateDir: string;
  /** The server that keeps the index, in place of a file. */
  readonly url?: string | undefined;
  /** The moment, in ms since 1970. */
  readonly now: number;
  readonly routes: readonly string[] | null;
}

/**
 * Writes the snapshot of routes, in a process of its own: to bring an index up to date may take long, and whoever waits
 * for a locked file stands still. The process is killed when the time is over; a thread that is ended while it is in
 * the database takes its whole process along. Returns what went wrong, as sentences.
 */
export async function writeSnapshot(
  order: SnapshotOrder,
  { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  if (signal.aborted) return [];
  const writer = startNode([workerFile("routes-entry")], {
    ...{ cwd: "/", env: process.env, clock: systemClock, enter: [] },
  });
  let faults: readonly string[] | null = null;
  const end = (found: readonly string[]): void => {
    faults ??= found;
    writer.release();
  };
  const stop = (): void => end([]);
  const late = `The snapshot of routes in ${order.stateDir} was not written within ${deadlineMs / 1_000} s.`;
  const timer = setTimeout(() => end([late]), deadlineMs);
  signal.addEventListener("abort", stop);
  writer.child?.stdout?.resume();
  writer.child?.stderr?.resume();
  writer.child?.once("message", (found) => end(found as readonly string[]));
  writer.child?.send?.(order, () => {});
  const how = await writer.over;
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  return faults ?? [`The snapshot of routes was not written: ${sayEnd(how)}.`];
}
