import { type Kysely, type RawBuilder, sql } from "kysely";
import { DAY_MS } from "../calendar.ts";
import { addToSum, type CostLine, type CostSum, emptySum, toCostLine } from "../cost-line.ts";
import { ANALYSIS, UNKNOWN_MODEL } from "../cost-summary.ts";
import { picoToUsd } from "../money.ts";
import type { CostHeading } from "./cost-heading.ts";
import { queryOpenCalls } from "./query-open-calls.ts";
import { callSums, heading, type NameOf } from "./roll-ups.ts";
import type { Schema } from "./schema.ts";
import { fromColumns, type StoredSum, SUM_COLUMN_NAMES, summedColumns } from "./sum-columns.ts";
import { queryUnmetered } from "./unmetered.ts";

export interface CostQuery {
  readonly by: CostHeading;
  /** Only calls from this time on, in ms since 1970; null: all. */
  readonly since: number | null;
}

/** One line of a bill over many runs. A day is one of UTC: `2026-11-22`. */
export interface NamedCost extends CostLine {
  readonly name: string;
}

export interface CostTable {
  /** Days in order, all else with the most expensive first. They sum to the total. */
  readonly lines: readonly NamedCost[];
  /** Partial also where a run has calls of which it has not told what became of them. */
  readonly total: CostLine;
  /** What tasks that a memo left out had cost before. */
  readonly memoSavedUsd: number;
}

/**
 * Sums up what calls cost. Sums by task come from the attempts, or from the calls since a time; all others from
 * roll-ups, and from calls up to the first full minute.
 */
export async function queryCosts(db: Kysely<Schema>, query: CostQuery): Promise<CostTable> {
  const { by } = query;
  const since = query.since === null ? null : Math.ceil(query.since);
  const rows =
    by === "task"
      ? await callsByTask(db, since)
      : await callSums(db, { since, name: by === "day" ? byDay : heading(by) });
  const total = emptySum();
  const sums = new Map<string, CostSum>();
  const add = (name: string | bigint, more: CostSum): void => {
    addToSum(total, more);
    if (more.calls + more.unmetered === 0) return;
    const key = by === "day" ? dayOf(name as bigint) : String(name);
    const sum = sums.get(key) ?? emptySum();
    addToSum(sum, more);
    sums.set(key, sum);
  };
  for (const { name, ...columns } of rows) add(name, fromColumns(columns));
  for (const { name, unmetered } of await queryUnmetered(db, { since, name: attemptName(by) })) {
    add(name, { ...emptySum(), unmetered: Number(unmetered) });
  }
  const hasOpen = (await queryOpenCalls(db, { since })).length > 0;
  const lines = [...sums].map(([name, sum]) => ({ name, sum }));
  lines.sort((a, b) => (by === "day" ? compare(a.name, b.name) : dearerFirst(a, b)));
  return {
    lines: lines.map(({ name, sum }) => ({ name, ...toCostLine(sum) })),
    total: hasOpen ? { ...toCostLine(total), partial: true } : toCostLine(total),
    memoSavedUsd: await memoSaved(db, since),
  };
}

/**
 * What an unmetered attempt is named by: which models it asked nobody knows. Joined to nothing, so that no index of
 * that column is taken in place of the one of these few.
 */
function attemptName(by: CostHeading): RawBuilder<string | bigint> {
  if (by === "day") return sql<bigint>`started_at / ${sql.lit(DAY_MS)}`;
  return by === "model" ? sql<string>`${sql.lit(UNKNOWN_MODEL)}` : sql<string>`${sql.ref(by)} || ''`;
}

type NamedSum = StoredSum & { readonly name: string | bigint };
type Line = { readonly name: string; readonly sum: CostSum };

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function dearerFirst(a: Line, b: Line): number {
  if (a.sum.pico !== b.sum.pico) return a.sum.pico > b.sum.pico ? -1 : 1;
  return b.sum.calls - a.sum.calls || compare(a.name, b.name);
}

const dayOf = (day: bigint): string => new Date(Number(day) * DAY_MS).toISOString().slice(0, 10);

async function callsByTask(db: Kysely<Schema>, since: number | null): Promise<readonly NamedSum[]> {
  if (since === null) return [...(await attemptsByTask(db)), await callsOfNoTask(db)];
  const name = sql<string>`coalesce(task, ${sql.lit(ANALYSIS.agent)})`.as("name");
  return await db
    .selectFrom("call_costs")
    .select([name, ...summedColumns])
    .where("at", ">=", BigInt(since))
    .groupBy("task")
    .execute();
}

async function attemptsByTask(db: Kysely<Schema>): Promise<readonly NamedSum[]> {
  return await db
    .selectFrom("attempts")
    .select(["task as name", ...summedColumns])
    .groupBy("task")
    .execute();
}

/** What runs cost beyond their attempts. */
async function callsOfNoTask(db: Kysely<Schema>): Promise<NamedSum> {
  const part = (table: "runs" | "attempts", sign: string) =>
    db
      .selectFrom(table)
      .select(
        summedColumns.map((sum, i) =>
          sql<bigint>`${sql.raw(sign)}${sum.expression}`.as(SUM_COLUMN_NAMES[i]!),
        ),
      );
  const sum = await db
    .selectFrom(part("runs", "").unionAll(part("attempts", "-")).as("parts"))
    .select(summedColumns)
    .executeTakeFirstOrThrow();
  return { name: ANALYSIS.agent, ...sum };
}

const byDay: NameOf = (time) => sql<string | bigint>`${sql.ref(time)} / ${sql.lit(DAY_MS)}`;

async function memoSaved(db: Kysely<Schema>, since: number | null): Promise<number> {
  const saved = db
    .selectFrom("tasks")
    .select(sql<bigint>`cast(coalesce(sum(saved_pico), 0) as bigint)`.as("pico"));
  const row = await (since === null
    ? saved
    : saved.where("saved_at", ">=", BigInt(since))
  ).executeTakeFirstOrThrow();
  return picoToUsd(row.pico);
}
