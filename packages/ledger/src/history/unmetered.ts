import { type AliasedRawBuilder, type Kysely, type RawBuilder, sql } from "kysely";
import type { Schema } from "./schema.ts";

/** How many of the attempts were unmetered, for a `select`. */
export const unmeteredSum: AliasedRawBuilder<bigint, "unmetered"> =
  sql<bigint>`cast(coalesce(sum(unmetered), 0) as bigint)`.as("unmetered");

export interface UnmeteredAsked {
  /** Only attempts that were started at this time or later, in whole ms since 1970; null: all. */
  readonly since: number | null;
  /** What they are named by. */
  readonly name: RawBuilder<string | bigint>;
}

/** Returns the names under which there are unmetered attempts, with how many there are. */
export async function queryUnmetered(
  db: Kysely<Schema>,
  { since, name }: UnmeteredAsked,
): Promise<readonly { readonly name: string | bigint; readonly unmetered: bigint }[]> {
  const attempts = db
    .selectFrom("attempts")
    .select([name.as("name"), unmeteredSum])
    // As it stands in the table index of these attempts: a parameter would hide that it is the same.
    .where(sql<boolean>`unmetered > 0`)
    .groupBy("name");
  return await (since === null ? attempts : attempts.where("started_at", ">=", BigInt(since))).execute();
}
