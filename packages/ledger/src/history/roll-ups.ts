import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Schema } from "./schema.ts";
import { type StoredSum, SUM_COLUMN_NAMES, summedColumns } from "./sum-columns.ts";
import { HOUR_MS, MINUTE_MS } from "./windows.ts";

/** What sums are named by: a heading, or what SQL makes of the column with the time. */
export type NameOf = (time: "at" | "start_at") => RawBuilder<string | bigint>;

export interface SumsAsked {
  /** Only calls from this time on, in whole ms since 1970; null: all. */
  readonly since: number | null;
  readonly name: NameOf;
  /** A second name, for finer sums. @default none */
  readonly detail?: NameOf;
}

/** The sum of the calls that have both names. */
export interface NamedSum extends StoredSum {
  readonly name: string | bigint;
  readonly detail: string | bigint;
}

const upTo = (time: number, sizeMs: number): number => Math.ceil(time / sizeMs) * sizeMs;

/** Sums up calls: from the roll-ups, and from the calls themselves up to the first full minute. */
export async function callSums(
  db: Kysely<Schema>,
  { since, name, detail = () => sql<string>`''` }: SumsAsked,
): Promise<readonly NamedSum[]> {
  const windows = (sizeMs: number) =>
    db
      .selectFrom("windows")
      .select([name("start_at").as("name"), detail("start_at").as("detail"), ...SUM_COLUMN_NAMES])
      .where("size_ms", "=", BigInt(sizeMs));
  const hours = windows(HOUR_MS);
  if (since === null) {
    return await db
      .selectFrom(hours.as("parts"))
      .select(["name", "detail", ...summedColumns])
      .groupBy(["name", "detail"])
      .execute();
  }
  const firstMinute = upTo(since, MINUTE_MS);
  const firstHour = upTo(since, HOUR_MS);
  const calls = db
    .selectFrom("call_costs")
    .select([name("at").as("name"), detail("at").as("detail"), ...SUM_COLUMN_NAMES])
    .where("at", ">=", BigInt(since))
    .where("at", "<", BigInt(firstMinute));
  const parts = hours
    .where("start_at", ">=", BigInt(firstHour))
    .unionAll(
      windows(MINUTE_MS)
        .where("start_at", ">=", BigInt(firstMinute))
        .where("start_at", "<", BigInt(firstHour)),
    )
    .unionAll(calls);
  return await db
    .selectFrom(parts.as("parts"))
    .select(["name", "detail", ...summedColumns])
    .groupBy(["name", "detail"])
    .execute();
}

/** Names sums by a heading. */
export const heading =
  (column: "model" | "agent" | "route" | "class"): NameOf =>
  () =>
    sql<string>`${sql.ref(column)}`;
