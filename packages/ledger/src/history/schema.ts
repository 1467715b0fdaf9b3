// The tables of the index. What money there is stands in pico-dollars; times are ms since 1970.
import type { ColumnType, Generated } from "kysely";
import type { SumColumn } from "./sum-columns.ts";

export type DatabaseKind = "sqlite" | "postgres";

/** A whole number of 64 bits. */
type Whole = ColumnType<bigint, bigint | number, bigint | number>;
type MaybeWhole = ColumnType<bigint | null, bigint | number | null, bigint | number | null>;

/** What calls add up to. `pico` is the known part. */
type SumColumns = Record<SumColumn, Whole>;

interface RunsTable extends SumColumns {
  id: Generated<bigint>;
  /** The run id. The time of the first event tells apart runs that took the same one. */
  name: string;
  begun_at: Whole;
  last_at: Whole;
  dir: string | null;
  status: string;
  tasks: Whole;
  version: string | null;
  /** Of all sessions that came to their end; null before the first did. */
  wall_ms: number | null;
  /** The place in the journal up to which it has been read. */
  next_seq: Whole;
  next_bytes: Whole;
  /** Faults of telemetry that it told of. */
  telemetry_faults: Whole;
  /** Requests to models of which it has not told what became of them. */
  open_calls: Whole;
  /** When its state was removed; null while it is there. */
  removed_at: MaybeWhole;
}

interface TasksTable {
  run: Whole;
  task: string;
  /** The last event that said what became of it. */
  state: string;
  last_at: Whole;
  /** What the memo has spared, and when; null where it has not, or where the task was started after all. */
  saved_pico: MaybeWhole;
  saved_at: MaybeWhole;
}

interface AttemptsTable extends SumColumns {
  run: Whole;
  task: string;
  attempt: Whole;
  agent: string;
  route: string;
  class: string;
  /** As in attempt-costs. */
  fate: string;
  made: Whole;
  /** 1 where nobody counted its calls but by what it told, else 0. */
  unmetered: Whole;
  executor: string | null;
  cause: string | null;
  started_at: MaybeWhole;
  finished_at: MaybeWhole;
  status: string | null;
  latency_ms: number | null;
  queue_ms: number | null;
  cpu_ms: number | null;
  peak_memory_mib: number | null;
  vram_peak_mib: number | null;
  model_loads: number | null;
}

interface CallsTable {
  run: Whole;
  seq: Whole;
  /** Both null for a call of the analysis. */
  task: string | null;
  attempt: MaybeWhole;
  at: Whole;
  model: string;
  provider: string | null;
  /** Of a call that was seen on its way: its number in the attempt. */
  number: MaybeWhole;
  /** Null where it is that of its attempt. */
  class: string | null;
  /** Null where the price is not known. */
  pico: MaybeWhole;
  /** 1 where what it used was estimated, else 0. */
  estimated_calls: Whole;
  input_tokens: Whole;
  cached_input_tokens: Whole;
  cache_write_tokens: Whole;
  output_tokens: Whole;
  reasoning_tokens: Whole;
}

interface TransitionsTable {
  run: Whole;
  seq: Whole;
  /** Null for what concerns the whole run. */
  task: string | null;
  attempt: MaybeWhole;
  at: Whole;
  event: string;
}

/** Roll-ups of the calls: one row for each minute, and each hour, and each mix of headings that occurred in it. */
interface WindowsTable extends SumColumns {
  size_ms: Whole;
  start_at: Whole;
  model: string;
  agent: string;
  route: string;
  class: string;
}

/** A view of the calls: each with its headings, and its figures as a sum. */
interface CallCostsView extends Readonly<Record<SumColumn, bigint>> {
  run: bigint;
  /** Null for a call of the analysis. */
  task: string | null;
  attempt: bigint | null;
  at: bigint;
  model: string;
  agent: string;
  route: string;
  class: string;
  own_class: string | null;
}

/** A view of the attempts that succeeded: what they took, for whoever forecasts. */
interface DurationsView {
  task: string;
  agent: string;
  at: bigint;
  latency_ms: number | null;
  queue_ms: number | null;
  calls: bigint;
  unpriced_calls: bigint;
  pico: bigint;
  input_tokens: bigint;
  output_tokens: bigint;
}

export interface Schema {
  runs: RunsTable;
  tasks: TasksTable;
  attempts: AttemptsTable;
  calls: CallsTable;
  transitions: TransitionsTable;
  windows: WindowsTable;
  call_costs: CallCostsView;
  durations: DurationsView;
  migrations: { version: Whole; at: Whole };
}
