import type { Kysely } from "kysely";
import type { SpentCall } from "../budgets/open-budgets.ts";
import type { Schema } from "./schema.ts";

export interface SpentQuery {
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Directory that the runs worked on, null for none; absent: any. */
  readonly dir?: string | null;
}

/** Returns the calls of runs whose state was removed. The index does not know their tags. */
export async function querySpentByRemoved(
  db: Kysely<Schema>,
  { since, dir }: SpentQuery,
): Promise<readonly SpentCall[]> {
  const calls = db
    .selectFrom("call_costs")
    .innerJoin("runs", "runs.id", "call_costs.run")
    .where("runs.removed_at", "is not", null)
    .where("call_costs.at", ">=", BigInt(Math.floor(since)))
    .select(["call_costs.at", "route", "call_costs.pico", "call_costs.unpriced_calls"])
    .select(["call_costs.input_tokens", "call_costs.output_tokens"]);
  const rows = await (dir === undefined
    ? calls
    : calls.where("runs.dir", dir === null ? "is" : "=", dir)
  ).execute();
  return rows.map((row) => ({
    at: Number(row.at),
    ...{ route: row.route, tags: [] },
    pico: Number(row.unpriced_calls) > 0 ? null : BigInt(row.pico),
    tokens: Number(row.input_tokens) + Number(row.output_tokens),
  }));
}
