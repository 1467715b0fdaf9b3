import { type Kysely, sql } from "kysely";
import { type RouteRows, RouteSums, type RouteTable } from "../routes/route-table.ts";
import { callSums, heading } from "./roll-ups.ts";
import type { Schema } from "./schema.ts";
import { fromColumns } from "./sum-columns.ts";
import { queryUnmetered } from "./unmetered.ts";

export interface RoutesQuery extends RouteRows {
  /** Only what happened from this time on, in ms since 1970; null: all. */
  readonly since: number | null;
}

const count = sql<bigint>`cast(count(*) as bigint)`.as("count");

/** Returns what each route has come to. */
export async function queryRoutes(
  db: Kysely<Schema>,
  { since: asked, ...rows }: RoutesQuery,
): Promise<RouteTable> {
  const since = asked === null ? null : Math.ceil(asked);
  const from = BigInt(since ?? Number.MIN_SAFE_INTEGER);
  const sums = new RouteSums(rows);
  for (const { route } of await db.selectFrom("attempts").select("route").distinct().execute()) {
    sums.know(route);
  }
  for (const row of await callSums(db, { since, name: heading("route"), detail: heading("model") })) {
    sums.addCalls(String(row.name), String(row.detail), fromColumns(row));
  }
  for (const { name, unmetered } of await queryUnmetered(db, { since, name: sql<string>`route` })) {
    sums.addUnmetered(String(name), Number(unmetered));
  }
  const started = db
    .selectFrom("attempts")
    .select(["route", "cause", count])
    .where("started_at", ">=", from)
    .groupBy(["route", "cause"]);
  for (const row of await started.execute()) sums.addAttempts(row.route, row.cause, Number(row.count));
  const failed = db
    .selectFrom("attempts")
    .select(["route", count])
    .where("finished_at", ">=", from)
    .where("status", "in", ["failed", "lost"])
    .groupBy("route");
  for (const row of await failed.execute()) sums.addFailures(row.route, Number(row.count));
  return sums.table();
}

/** Returns how often runs could not keep their counters. */
export async function queryTelemetryFaults(db: Kysely<Schema>): Promise<number> {
  const faults = sql<bigint>`cast(coalesce(sum(telemetry_faults), 0) as bigint)`.as("faults");
  const row = await db.selectFrom("runs").select(faults).executeTakeFirstOrThrow();
  return Number(row.faults);
}
