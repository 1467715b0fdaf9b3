import type { RunEvent } from "@sheaf/core";
import { countRoutes, readRun } from "./count-routes.ts";
import { RouteSums, type RouteTable } from "./route-table.ts";
import { ROUTE_WINDOWS, type RouteWindow, windowSince } from "./route-window.ts";

/** Version of the form of a snapshot. It grows with every change that a reader must know of. */
export const SNAPSHOT_SCHEMA = 1;

/** What routes have come to, in each window, at one moment. Plain data. */
export interface RouteSnapshot {
  readonly schema: typeof SNAPSHOT_SCHEMA;
  /** The moment, in ISO 8601. */
  readonly takenAt: string;
  /** Of days and months. */
  readonly timeZone: "UTC";
  /** The closed list of routes; null where none was given. */
  readonly routes: readonly string[] | null;
  /** How often counters could not be kept. */
  readonly telemetryFaults: number;
  readonly windows: Readonly<Record<RouteWindow, RouteTable & { readonly since: string | null }>>;
}

/** What a snapshot is about. */
export interface SnapshotOptions {
  /** The moment, in ms since 1970. */
  readonly now: number;
  /** The closed list of routes; null: those that occurred. */
  readonly routes: readonly string[] | null;
}

interface Counted {
  readonly telemetryFaults: number;
  readonly tables: Readonly<Record<RouteWindow, RouteTable>>;
}

const isoOf = (ms: number): string => new Date(ms).toISOString();

export function makeSnapshot(
  { now, routes }: SnapshotOptions,
  { telemetryFaults, tables }: Counted,
): RouteSnapshot {
  const windows = ROUTE_WINDOWS.map((window) => {
    const since = windowSince(window, now);
    return [window, { since: since === null ? null : isoOf(since), ...tables[window] }] as const;
  });
  return {
    ...{ schema: SNAPSHOT_SCHEMA, takenAt: isoOf(now), timeZone: "UTC", routes, telemetryFaults },
    windows: Object.fromEntries(windows) as RouteSnapshot["windows"],
  };
}

/**
 * Returns what routes have come to in these runs, each given as its events in order. Needs no disk and no index; the
 * window `lifetime` is that of these runs.
 */
export function routeSnapshot(
  runs: Iterable<Iterable<RunEvent>>,
  { now = Date.now(), routes = null }: Partial<SnapshotOptions> = {},
): RouteSnapshot {
  const told = [...runs].map((events) => readRun([...events]));
  const tables = ROUTE_WINDOWS.map((window) => {
    const sums = new RouteSums({ routes });
    for (const run of told) countRoutes(sums, run, windowSince(window, now));
    return [window, sums.table()] as const;
  });
  const telemetryFaults = told.reduce((sum, { book }) => sum + book.run.telemetryFaults, 0);
  return makeSnapshot(
    { now, routes },
    { telemetryFaults, tables: Object.fromEntries(tables) as Counted["tables"] },
  );
}
