import type { Selectable, Transaction } from "kysely";
import type { AttemptCost } from "../attempt-costs.ts";
import { emptySum } from "../cost-line.ts";
import type { JournalMark } from "../read-journal.ts";
import type { Database } from "./database.ts";
import type { IndexedAttempt } from "./indexed-run.ts";
import { RunBook } from "./run-book.ts";
import type { Schema } from "./schema.ts";
import { fromColumns, toColumns } from "./sum-columns.ts";

/** What the index has of a run. */
export interface KnownRun {
  readonly id: bigint;
  /** Up to where its journal has been read. */
  readonly mark: JournalMark;
  readonly book: RunBook;
}

/** Which run: its id, and the time of its first event in ms since 1970. */
export interface RunName {
  readonly name: string;
  readonly begunAt: number;
}

const maybeNumber = (value: bigint | null): number | null => (value === null ? null : Number(value));

/** Enters the run if it is new, and holds it until the end of the transaction. Returns its row. */
export async function holdRun(
  trx: Transaction<Schema>,
  kind: Database["kind"],
  { name, begunAt }: RunName,
): Promise<Selectable<Schema["runs"]>> {
  const none = toColumns(emptySum());
  await trx
    .insertInto("runs")
    .values({
      ...{ name, begun_at: begunAt, last_at: begunAt, status: "unfinished", tasks: 0 },
      ...{ next_seq: 0, next_bytes: 0, ...none, telemetry_faults: 0, open_calls: 0 },
    })
    .onConflict((conflict) => conflict.columns(["name", "begun_at"]).doNothing())
    .execute();
  const row = trx
    .selectFrom("runs")
    .selectAll()
    .where("name", "=", name)
    .where("begun_at", "=", BigInt(begunAt));
  return await (kind === "postgres" ? row.forUpdate() : row).executeTakeFirstOrThrow();
}

/** Returns up to where the journal of a run has been read. */
export const markOf = (row: Pick<Selectable<Schema["runs"]>, "next_seq" | "next_bytes">): JournalMark => ({
  seq: Number(row.next_seq),
  bytes: Number(row.next_bytes),
});

/** Reads what the index has of a run. */
export async function loadRun(trx: Transaction<Schema>, row: Selectable<Schema["runs"]>): Promise<KnownRun> {
  const { id, dir, status, version } = row;
  const book = new RunBook({
    ...{ dir, status, version, tasks: Number(row.tasks), wallMs: row.wall_ms },
    lastAt: Number(row.last_at),
    telemetryFaults: Number(row.telemetry_faults),
    openCalls: Number(row.open_calls),
    sum: fromColumns(row),
  });
  for (const task of await trx.selectFrom("tasks").selectAll().where("run", "=", id).execute()) {
    const { saved_pico: pico, saved_at: at } = task;
    const saved = pico === null || at === null ? null : { pico, at: Number(at) };
    book.tasks.set(task.task, { state: task.state, lastAt: Number(task.last_at), saved });
  }
  for (const attempt of await trx.selectFrom("attempts").selectAll().where("run", "=", id).execute()) {
    const named = { taskId: attempt.task, attempt: Number(attempt.attempt) };
    book.restore(named, costOf(attempt), factsOf(attempt));
  }
  return { id, mark: markOf(row), book };
}

function costOf(row: Selectable<Schema["attempts"]>): AttemptCost {
  const { agent, route, fate, made } = row;
  return {
    ...{ agent, route, fate: fate as AttemptCost["fate"], made: made === 1n, sum: fromColumns(row) },
    // Classes of calls stand with the calls.
    ...{ retried: emptySum(), crashed: emptySum(), over: new Map() },
  };
}

function factsOf(row: Selectable<Schema["attempts"]>): IndexedAttempt {
  return {
    executor: row.executor,
    cause: row.cause,
    startedAt: maybeNumber(row.started_at),
    finishedAt: maybeNumber(row.finished_at),
    status: row.status,
    latencyMs: row.latency_ms,
    queueMs: row.queue_ms,
    cpuMs: row.cpu_ms,
    peakMemoryMiB: row.peak_memory_mib,
    vramPeakMiB: row.vram_peak_mib,
    modelLoads: row.model_loads,
  };
}
