import { type Insertable, sql, type Transaction } from "kysely";
import { costClassOf } from "../attempt-costs.ts";
import type { JournalMark } from "../read-journal.ts";
import { keptName } from "./call-sum.ts";
import type { KnownRun } from "./load-book.ts";
import type { RunPart } from "./run-book.ts";
import type { Schema } from "./schema.ts";
import { fromColumns, SUM_COLUMN_NAMES, summedColumns, toColumns } from "./sum-columns.ts";
import { MINUTE_MS, negated, type WindowChange, WindowChanges } from "./windows.ts";

/** Values in one statement; SQLite takes 32,766 at most. */
const MOST_VALUES = 30_000;
/** Rows in one statement: more make it no faster. */
const MOST_ROWS = 500;

/** Minutes since 1970. */
const minuteOf = sql<bigint>`at / ${sql.lit(MINUTE_MS)}`.as("minute");

type Trx = Transaction<Schema>;
type Table = "tasks" | "attempts" | "calls" | "transitions" | "windows";

/** Writes what a part of a run's journal adds, and up to where it has been read. */
export async function writePart(
  trx: Trx,
  { id, book }: KnownRun,
  part: RunPart,
  mark: JournalMark,
): Promise<void> {
  await moveCalls(trx, id, part);
  await classRepeated(trx, id, part);
  await insertNew(
    trx,
    "calls",
    part.calls.map((call) => callRow(id, call)),
  );
  await insertNew(
    trx,
    "transitions",
    part.transitions.map((each) => transitionRow(id, each)),
  );
  await replace(trx, "tasks", ["run", "task"], taskRows(id, book, part));
  await replace(trx, "attempts", ["run", "task", "attempt"], attemptRows(id, book, part));
  await addToWindows(trx, part.windows);
  const { dir, status, tasks, version, wallMs, lastAt, telemetryFaults, openCalls, sum } = book.run;
  await trx
    .updateTable("runs")
    .set({ dir, status, tasks, version, wall_ms: wallMs, last_at: lastAt, ...toColumns(sum) })
    .set({
      next_seq: mark.seq,
      next_bytes: mark.bytes,
      telemetry_faults: telemetryFaults,
      open_calls: openCalls,
    })
    .where("id", "=", id)
    .execute();
}

/** Takes away all that a run has added, but for its own row. */
export async function forgetRun(trx: Trx, id: bigint): Promise<void> {
  const windows = new WindowChanges();
  const rows = await trx
    .selectFrom("call_costs")
    .select([minuteOf, "model", "agent", "route", "class", ...summedColumns])
    .where("run", "=", id)
    .groupBy(["minute", "model", "agent", "route", "class"])
    .execute();
  for (const { minute, model, agent, route, class: costClass, ...sum } of rows) {
    const calls = { at: Number(minute) * MINUTE_MS, model };
    windows.add(calls, { agent, route, class: costClass }, negated(fromColumns(sum)));
  }
  await addToWindows(trx, windows);
  for (const table of ["tasks", "attempts", "calls", "transitions"] as const) {
    await trx.deleteFrom(table).where("run", "=", id).execute();
  }
}

// Calls that were entered before this part and belong under another heading now.
async function moveCalls(trx: Trx, run: bigint, { moves, windows }: RunPart): Promise<void> {
  const moved = new Map(moves.map((move) => [`${move.attempt} ${move.taskId}`, move]));
  const tasks = [...new Set(moves.map(({ taskId }) => taskId))];
  for (let i = 0; i < tasks.length; i += MOST_ROWS) {
    const some = tasks.slice(i, i + MOST_ROWS);
    for (const { task, attempt, model, minute, own_class, ...sum } of await callsOf(trx, run, some)) {
      const move = moved.get(`${attempt} ${task}`);
      if (move === undefined) continue;
      const calls = { at: Number(minute) * MINUTE_MS, model };
      const own = own_class === null ? {} : { class: own_class };
      windows.add(calls, { ...move.from, ...own }, negated(fromColumns(sum)));
      windows.add(calls, { ...move.to, ...own }, fromColumns(sum));
    }
  }
}

// Calls that were entered before this part and have been made anew since.
async function classRepeated(trx: Trx, run: bigint, { repeated, windows }: RunPart): Promise<void> {
  for (const { taskId, attempt, number, heading } of repeated) {
    const row = await trx
      .updateTable("calls")
      .set({ class: "http-retry" })
      .where("run", "=", run)
      .where("task", "=", taskId)
      .where("attempt", "=", BigInt(attempt))
      .where("number", "=", BigInt(number))
      .where("class", "is", null)
      .returning([
        "at",
        "model",
        "pico",
        "estimated_calls",
        "input_tokens",
        "cached_input_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reasoning_tokens",
      ])
      .executeTakeFirst();
    if (row === undefined) continue;
    const { at, model, pico, ...tokens } = row;
    const sum = fromColumns({
      calls: 1n,
      unpriced_calls: pico === null ? 1n : 0n,
      pico: pico ?? 0n,
      ...tokens,
    });
    windows.add({ at: Number(at), model }, heading, negated(sum));
    windows.add({ at: Number(at), model }, { ...heading, class: "http-retry" }, sum);
  }
}

function callsOf(trx: Trx, run: bigint, tasks: readonly string[]) {
  return trx
    .selectFrom("call_costs")
    .select(["task", "attempt", minuteOf, "model", "own_class", ...summedColumns])
    .where("run", "=", run)
    .where("task", "in", tasks)
    .groupBy(["task", "attempt", "minute", "model", "own_class"])
    .execute();
}

function callRow(run: bigint, call: RunPart["calls"][number]): Insertable<Schema["calls"]> {
  const { seq, taskId, attempt, at, model, provider, number, ownClass, sum } = call;
  return {
    ...{ run, seq, task: taskId, attempt, at, model, provider, number, class: ownClass },
    pico: sum.unpricedCalls > 0 ? null : sum.pico,
    estimated_calls: sum.estimatedCalls,
    input_tokens: sum.inputTokens,
    cached_input_tokens: sum.cachedInputTokens,
    cache_write_tokens: sum.cacheWriteTokens,
    output_tokens: sum.outputTokens,
    reasoning_tokens: sum.reasoningTokens,
  };
}

function transitionRow(run: bigint, each: RunPart["transitions"][number]): Insertable<Schema["transitions"]> {
  const { seq, taskId, attempt, at, event } = each;
  return { run, seq, task: taskId, attempt, at, event };
}

function taskRows(
  run: bigint,
  book: KnownRun["book"],
  { tasks }: RunPart,
): readonly Insertable<Schema["tasks"]>[] {
  return [...tasks].map((task) => {
    const { state, lastAt, saved } = book.tasks.get(task)!;
    return {
      run,
      task,
      state,
      last_at: lastAt,
      saved_pico: saved?.pico ?? null,
      saved_at: saved?.at ?? null,
    };
  });
}

function attemptRows(
  run: bigint,
  book: KnownRun["book"],
  { tasks }: RunPart,
): readonly Insertable<Schema["attempts"]>[] {
  return [...tasks].flatMap((task) =>
    [...(book.costs.get(task) ?? [])].map(([attempt, cost]) => {
      const { latencyMs, queueMs, cpuMs, peakMemoryMiB, vramPeakMiB, modelLoads, ...facts } =
        book.facts(cost);
      return {
        ...{ run, task, attempt, agent: keptName(cost.agent), route: keptName(cost.route) },
        ...{ class: costClassOf(cost), fate: cost.fate, made: cost.made ? 1 : 0 },
        ...{ ...toColumns(cost.sum), unmetered: cost.sum.unmetered },
        ...{ executor: facts.executor, cause: facts.cause, status: facts.status },
        ...{ started_at: facts.startedAt, finished_at: facts.finishedAt },
        ...{ latency_ms: latencyMs, queue_ms: queueMs, cpu_ms: cpuMs, model_loads: modelLoads },
        ...{ peak_memory_mib: peakMemoryMiB, vram_peak_mib: vramPeakMiB },
      };
    }),
  );
}

function* chunks<Row extends object>(rows: readonly Row[]): Generator<readonly Row[]> {
  if (rows.length === 0) return;
  const most = Math.min(MOST_ROWS, Math.floor(MOST_VALUES / Object.keys(rows[0]!).length));
  for (let i = 0; i < rows.length; i += most) yield rows.slice(i, i + most);
}

async function insertNew<T extends Table>(
  trx: Trx,
  table: T,
  rows: readonly Insertable<Schema[T]>[],
): Promise<void> {
  for (const chunk of chunks(rows)) {
    await trx
      .insertInto(table)
      .values(chunk as never)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

async function replace<T extends Table>(
  trx: Trx,
  table: T,
  key: readonly string[],
  rows: readonly Insertable<Schema[T]>[],
): Promise<void> {
  for (const chunk of chunks(rows)) {
    const others = Object.keys(chunk[0]!).filter((column) => !key.includes(column));
    const set = Object.fromEntries(others.map((column) => [column, sql.ref(`excluded.${column}`)]));
    await trx
      .insertInto(table)
      .values(chunk as never)
      .onConflict((conflict) => conflict.columns(key as never).doUpdateSet(set as never))
      .execute();
  }
}

async function addToWindows(trx: Trx, changes: WindowChanges): Promise<void> {
  const sums = SUM_COLUMN_NAMES.map((name) => [
    name,
    sql`windows.${sql.ref(name)} + excluded.${sql.ref(name)}`,
  ]);
  for (const chunk of chunks(changes.ordered().map(windowRow))) {
    await trx
      .insertInto("windows")
      .values([...chunk])
      .onConflict((conflict) =>
        conflict
          .columns(["size_ms", "start_at", "model", "agent", "route", "class"])
          .doUpdateSet(Object.fromEntries(sums)),
      )
      .execute();
  }
}

function windowRow({ sizeMs, startAt, sum, ...headings }: WindowChange): Insertable<Schema["windows"]> {
  return { size_ms: sizeMs, start_at: startAt, ...headings, ...toColumns(sum) };
}
