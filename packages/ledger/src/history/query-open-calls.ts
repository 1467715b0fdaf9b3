import type { Kysely } from "kysely";
import type { Schema } from "./schema.ts";

export interface OpenCallsQuery {
  /** Only of runs with an event at this time or later, in ms since 1970; null: all. */
  readonly since: number | null;
}

/** Requests to models of which a run has not told what became of them. */
export interface OpenCalls {
  /** Run id. */
  readonly run: string;
  /** More than 0. */
  readonly calls: number;
}

/** Returns the runs with calls that are under way, or were open when their engine was killed, the latest first. */
export async function queryOpenCalls(
  db: Kysely<Schema>,
  { since }: OpenCallsQuery,
): Promise<readonly OpenCalls[]> {
  const open = db
    .selectFrom("runs")
    .select(["name", "open_calls"])
    .where("open_calls", ">", 0n)
    .orderBy("begun_at", "desc");
  const rows = await (since === null
    ? open
    : open.where("last_at", ">=", BigInt(Math.ceil(since)))
  ).execute();
  return rows.map(({ name, open_calls }) => ({ run: name, calls: Number(open_calls) }));
}
