import { Worker } from "node:worker_threads";
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
 * Writes the snapshot of routes, in a thread of its own: to bring an index up to date may take long, and whoever waits
 * for a locked file stands still. The thread is ended when the time is over. Returns what went wrong, as sentences.
 */
export function writeSnapshot(
  order: SnapshotOrder,
  { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve([]);
    const thread = new Worker(workerFile("routes-entry"), { workerData: order, execArgv: [] });
    const end = (faults: readonly string[]): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      void thread.terminate();
      resolve(faults);
    };
    const stop = (): void => end([]);
    const late = `The snapshot of routes in ${order.stateDir} was not written within ${deadlineMs / 1_000} s.`;
    const timer = setTimeout(() => end([late]), deadlineMs);
    signal.addEventListener("abort", stop);
    thread.once("message", end);
    thread.on("error", (error) => end([`The snapshot of routes was not written: ${error.message}`]));
    thread.once("exit", () => end(["The snapshot of routes was not written: its thread has ended."]));
  });
}
