import { type Kysely, type RawBuilder, sql } from "kysely";
import { type RouteRows, RouteSums, type RouteTable } from "../routes/route-table.ts";
import { callSums, heading } from "./roll-ups.ts";
import type { Schema } from "./schema.ts";
import { fromColumns } from "./sum-columns.ts";
import { queryUnmetered } from "./unmetered.ts";

export interface RoutesQuery extends RouteRows {
  /** Only what happened from this time on, in ms since 1970; null: all. */
  readonly since: number | null;
}

const countWhere = (condition: RawBuilder<unknown>) =>
  sql<bigint>`cast(sum(case when ${condition} then 1 else 0 end) as bigint)`;

/** Returns what each route has come to. */
export async function queryRoutes(
  db: Kysely<Schema>,
  { since: asked, ...rows }: RoutesQuery,
): Promise<RouteTable> {
  const since = asked === null ? null : Math.ceil(asked);
  const sums = new RouteSums(rows);
  for (const row of await callSums(db, { since, name: heading("route"), detail: heading("model") })) {
    sums.addCalls(String(row.name), String(row.detail), fromColumns(row));
  }
  for (const { name, unmetered } of await queryUnmetered(db, { since, name: sql<string>`route` })) {
    sums.addUnmetered(String(name), Number(unmetered));
  }
  for (const { route, cause, started, failed } of await attemptCounts(db, since)) {
    sums.know(route);
    sums.addAttempts(route, cause, Number(started));
    sums.addFailures(route, Number(failed));
  }
  return sums.table();
}

/** Counts attempts in one pass. Every route has a row, also without any since then. */
function attemptCounts(db: Kysely<Schema>, since: number | null) {
  const from = sql.lit(since ?? Number.MIN_SAFE_INTEGER);
  return db
    .selectFrom("attempts")
    .select([
      ...(["route", "cause"] as const),
      countWhere(sql`started_at >= ${from}`).as("started"),
      countWhere(sql`finished_at >= ${from} and status in ('failed', 'lost')`).as("failed"),
    ])
    .groupBy(["route", "cause"])
    .execute();
}

/** Returns how often runs could not keep their counters. */
export async function queryTelemetryFaults(db: Kysely<Schema>): Promise<number> {
  const faults = sql<bigint>`cast(coalesce(sum(telemetry_faults), 0) as bigint)`.as("faults");
  const row = await db.selectFrom("runs").select(faults).executeTakeFirstOrThrow();
  return Number(row.faults);
}
