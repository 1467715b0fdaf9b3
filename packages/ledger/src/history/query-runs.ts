import type { Kysely, Selectable } from "kysely";
import { type CostLine, toCostLine } from "../cost-line.ts";
import type { Schema } from "./schema.ts";
import { fromColumns } from "./sum-columns.ts";
import { unmeteredSum } from "./unmetered.ts";

export interface RunsQuery {
  /** Only runs that began at this time or later, in ms since 1970; null: all. */
  readonly since: number | null;
}

/** A run in the history. Times are ms since 1970. */
export interface RunLine {
  readonly id: string;
  /** `unfinished`: it is under way, or was killed. */
  readonly status: string;
  /** The directory that it worked on; null where it had none. */
  readonly dir: string | null;
  readonly begunAt: number;
  /** Of its last event. */
  readonly lastAt: number;
  /** How long its sessions took, those that came to their end; null where none did. */
  readonly wallMs: number | null;
  readonly tasks: number;
  /** Version of Sheaf. */
  readonly version: string | null;
  /** When its state was removed; null while it is there. */
  readonly removedAt: number | null;
  /** Partial also where it has calls of which it has not told what became of them. */
  readonly cost: CostLine;
}

/** Returns the runs of the history, the latest first. */
export async function queryRuns(db: Kysely<Schema>, { since }: RunsQuery): Promise<readonly RunLine[]> {
  const runs = db
    .selectFrom("runs")
    .selectAll()
    .select((run) =>
      run
        .selectFrom("attempts")
        .select(unmeteredSum)
        .whereRef("attempts.run", "=", "runs.id")
        .where("unmetered", ">", 0n)
        .as("unmetered"),
    )
    .orderBy("begun_at", "desc")
    .orderBy("name", "desc");
  const rows = await (since === null
    ? runs
    : runs.where("begun_at", ">=", BigInt(Math.ceil(since)))
  ).execute();
  return rows.map((row) => ({
    ...{ id: row.name, status: row.status, dir: row.dir, wallMs: row.wall_ms, version: row.version },
    begunAt: Number(row.begun_at),
    lastAt: Number(row.last_at),
    tasks: Number(row.tasks),
    removedAt: row.removed_at === null ? null : Number(row.removed_at),
    cost: costOf(row, row.unmetered ?? 0n),
  }));
}

function costOf(row: Selectable<Schema["runs"]>, unmetered: bigint): CostLine {
  const line = toCostLine(fromColumns({ ...row, unmetered }));
  return row.open_calls > 0n ? { ...line, partial: true } : line;
}
