import { sql } from "kysely";
import { makeSnapshot, type RouteSnapshot, type SnapshotOptions } from "../routes/route-snapshot.ts";
import { ROUTE_WINDOWS, windowSince } from "../routes/route-window.ts";
import { replaceSnapshot } from "../routes/snapshot-file.ts";
import type { Database } from "./database.ts";
import { queryRoutes, queryTelemetryFaults } from "./query-routes.ts";

/** Number of the lock under which PostgreSQL lets one write a snapshot at a time: any, but always the same. */
const LOCK = 7_433_254;

/**
 * Writes the file of a state folder that says what routes have come to. Returns what went wrong with the file, as a
 * sentence, or null.
 *
 * The file takes its place before others may look: who writes last has seen what all before have entered. On
 * PostgreSQL each query sees what was there when it began, so after the lock; a snapshot of the whole transaction would
 * be one from before it.
 */
export async function keepSnapshot(
  { db, kind }: Database,
  path: string,
  { now, routes }: SnapshotOptions,
): Promise<string | null> {
  return await db.transaction().execute(async (trx) => {
    if (kind === "postgres") await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(trx);
    const tables: Partial<Record<(typeof ROUTE_WINDOWS)[number], Awaited<ReturnType<typeof queryRoutes>>>> =
      {};
    for (const window of ROUTE_WINDOWS) {
      tables[window] = await queryRoutes(trx, { routes, since: windowSince(window, now) });
    }
    const telemetryFaults = await queryTelemetryFaults(trx);
    const counted = { telemetryFaults, tables: tables as Parameters<typeof makeSnapshot>[1]["tables"] };
    const snapshot: RouteSnapshot = makeSnapshot({ now, routes }, counted);
    return replaceSnapshot(path, snapshot);
  });
}
