// Keeps the snapshot of routes beside the index while a run lasts.
//
// Owns:     when it is written, and that a fault of it is told and counted.
// Does not: count anything (the index does, from the journals), or let the run fail for it.
import type { Clock, EventBody } from "@sheaf/core";
import { TELEMETRY } from "@sheaf/ledger";
import { type SnapshotOrder, writeSnapshot } from "../executor/write-snapshot.ts";
import type { OpenRun } from "./open-run.ts";

/** Time between two snapshots, and the most that one may take while nobody waits for it. */
const INTERVAL_MS = 60_000;
/** The most that the end of a run waits for the last one. */
const LAST_MS = 5_000;

interface RouteKeeperOptions extends Pick<SnapshotOrder, "stateDir" | "url" | "routes"> {
  readonly clock: Clock;
  /** Hands the journal to the kernel, from which it is read. */
  readonly flush: () => void;
  readonly emit: (body: EventBody) => unknown;
  /** @default writeSnapshot */
  readonly write?: typeof writeSnapshot;
}

/** Writes the snapshot now and then, and at the end. After a fault it is tried once more, at the end. */
export class RouteKeeper {
  readonly #options: RouteKeeperOptions;
  readonly #stop = new AbortController();
  #cancelTimer: () => void = () => {};
  #writing: Promise<boolean> = Promise.resolve(true);

  constructor(options: RouteKeeperOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#cancelTimer = this.#options.clock.after(INTERVAL_MS, () => {
      this.#writing = this.#write(INTERVAL_MS, this.#stop.signal);
      void this.#writing.then((isWritten) => {
        if (isWritten && !this.#stop.signal.aborted) this.begin();
      });
    });
  }

  /** Writes the last one. */
  async finish(): Promise<void> {
    await this.stop();
    await this.#write(LAST_MS, new AbortController().signal);
  }

  /** Writes no more; one that is being written is given up. */
  async stop(): Promise<void> {
    this.#cancelTimer();
    this.#stop.abort();
    await this.#writing;
  }

  async #write(deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    const { stateDir, url, routes, clock, flush, emit, write = writeSnapshot } = this.#options;
    flush();
    const order = { stateDir, url, now: clock.now(), routes };
    // Where no thread can be had, for one.
    const faults = await write(order, { deadlineMs, signal }).catch((error: unknown) => [
      `The snapshot of routes was not written: ${error instanceof Error ? error.message : String(error)}`,
    ]);
    for (const reason of faults) emit({ type: "run.fallback", part: TELEMETRY, reason });
    return faults.length === 0;
  }
}

/** Keeps the snapshot from now on, where the run keeps a journal and routes are listed or named; else null. */
export function keepRoutes({ request, emit, journal }: OpenRun): RouteKeeper | null {
  const { stateDir, settings, tasks, clock, historyUrl: url } = request;
  const { routes, trace } = settings;
  const isUsed = routes !== null || tasks.some(({ route }) => route !== undefined);
  if (stateDir === null || !trace || !isUsed) return null;
  const flush = (): void => journal.flush();
  const keeper = new RouteKeeper({ stateDir, url, routes, clock, flush, emit });
  keeper.begin();
  return keeper;
}
