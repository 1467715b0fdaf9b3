// The tables, version by version. A version that was given out is never changed again; a new one follows it.
import {
  type ColumnDefinitionBuilder,
  type Kysely,
  type RawBuilder,
  type SchemaModule,
  sql,
  type Transaction,
} from "kysely";
import type { DatabaseKind, Schema } from "./schema.ts";

/** Number of the lock under which PostgreSQL lets one migrate at a time: any, but always the same. */
const LOCK = 7_433_253;

type Columns = Readonly<Record<string, "text" | "whole" | "real">>;
type Make = (trx: Transaction<Schema>, kind: DatabaseKind) => Promise<void>;

const VERSIONS: readonly Make[] = [
  makeFirst,
  countCacheWrites,
  findAttemptsByAgent,
  markUnmetered,
  countEstimates,
];

/**
 * Brings the tables to this version of Sheaf. Of several that come at once, one does it.
 *
 * @throws Error when they are of a newer one.
 */
export async function migrate(db: Kysely<Schema>, kind: DatabaseKind): Promise<void> {
  await db.transaction().execute(async (trx) => {
    if (kind === "postgres") await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(trx);
    const version = await versionOf(trx);
    if (version > VERSIONS.length) {
      throw new Error(`it was made by a newer version of Sheaf (its tables have version ${version})`);
    }
    for (let next = version; next < VERSIONS.length; next++) {
      await VERSIONS[next]!(trx, kind);
      await trx
        .insertInto("migrations")
        .values({ version: next + 1, at: Date.now() })
        .execute();
    }
  });
}

async function versionOf(trx: Transaction<Schema>): Promise<number> {
  await trx.schema
    .createTable("migrations")
    .ifNotExists()
    .addColumn("version", "bigint", (column) => column.primaryKey())
    .addColumn("at", "bigint", (column) => column.notNull())
    .execute();
  const last = await trx
    .selectFrom("migrations")
    .select("version")
    .orderBy("version", "desc")
    .executeTakeFirst();
  return Number(last?.version ?? 0);
}

const whole = (...names: readonly string[]): Columns =>
  Object.fromEntries(names.map((name) => [name, "whole"]));
const text = (...names: readonly string[]): Columns =>
  Object.fromEntries(names.map((name) => [name, "text"]));
const real = (...names: readonly string[]): Columns =>
  Object.fromEntries(names.map((name) => [name, "real"]));

interface TableForm {
  readonly key?: readonly string[];
  readonly needed: Columns;
  readonly optional?: Columns;
}

function table(schema: SchemaModule, name: string, { needed, optional = {} }: TableForm) {
  let made = schema.createTable(name);
  for (const [columns, isNeeded] of [
    [needed, true],
    [optional, false],
  ] as const) {
    for (const [column, type] of Object.entries(columns)) {
      const sqlType = type === "text" ? "text" : type === "whole" ? "bigint" : "double precision";
      made = made.addColumn(column, sqlType, (each) => (isNeeded ? each.notNull() : each));
    }
  }
  return made;
}

async function keyed(
  schema: SchemaModule,
  name: string,
  form: TableForm & { readonly kind: DatabaseKind },
): Promise<void> {
  const made = table(schema, name, form).addPrimaryKeyConstraint(`${name}_key`, [...form.key!] as never[]);
  await (form.kind === "sqlite" ? made.modifyEnd(sql`without rowid`) : made).execute();
}

async function makeFirst({ schema }: Transaction<Schema>, kind: DatabaseKind): Promise<void> {
  const tokens = whole("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens");
  const sums = { ...whole("calls", "unpriced_calls", "pico"), ...tokens };
  const runs = table(schema, "runs", {
    needed: {
      ...text("name", "status"),
      ...whole("begun_at", "last_at", "tasks", "next_seq", "next_bytes"),
      ...sums,
    },
    optional: { ...text("dir", "version"), ...whole("removed_at"), ...real("wall_ms") },
  });
  await (kind === "sqlite"
    ? runs.addColumn("id", "integer", (id) => id.primaryKey().autoIncrement())
    : runs.addColumn("id", "bigint", (id) => id.primaryKey().generatedAlwaysAsIdentity())
  )
    .addUniqueConstraint("runs_name", ["name", "begun_at"] as never[])
    .execute();
  await keyed(schema, "tasks", {
    ...{ kind, key: ["run", "task"] },
    needed: { ...whole("run"), ...text("task", "state"), ...whole("last_at") },
    optional: whole("saved_pico", "saved_at"),
  });
  await keyed(schema, "attempts", {
    ...{ kind, key: ["run", "task", "attempt"] },
    needed: {
      ...whole("run"),
      ...text("task"),
      ...whole("attempt"),
      ...text("agent", "route", "class", "fate"),
      ...whole("made"),
      ...sums,
    },
    optional: {
      ...text("executor", "cause", "status"),
      ...whole("started_at", "finished_at"),
      ...real("latency_ms", "queue_ms", "cpu_ms", "peak_memory_mib", "vram_peak_mib", "model_loads"),
    },
  });
  await keyed(schema, "calls", {
    ...{ kind, key: ["run", "seq"] },
    needed: {
      ...whole("run", "seq", "at"),
      ...text("model"),
      ...tokens,
    },
    optional: { ...text("task", "provider", "class"), ...whole("attempt", "pico", "number") },
  });
  await schema.createIndex("calls_at").on("calls").column("at").execute();
  await schema.createIndex("calls_attempt").on("calls").columns(["run", "task", "attempt"]).execute();
  await keyed(schema, "transitions", {
    ...{ kind, key: ["run", "seq"] },
    needed: { ...whole("run", "seq", "at"), ...text("event") },
    optional: { ...text("task"), ...whole("attempt") },
  });
  await keyed(schema, "windows", {
    ...{ kind, key: ["size_ms", "start_at", "model", "agent", "route", "class"] },
    needed: { ...whole("size_ms", "start_at"), ...text("model", "agent", "route", "class"), ...sums },
  });
  await viewCallCosts(schema, ["input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens"]);
  await view(
    schema,
    "durations",
    sql`select task, agent, finished_at as at, latency_ms, queue_ms, calls, unpriced_calls, pico, input_tokens,
      output_tokens from attempts where status = 'succeeded'`,
  );
}

/** A place in a journal that none reaches: the journal seems to have been cut, so it is read again. */
const BEYOND_ANY = Number.MAX_SAFE_INTEGER;

async function countCacheWrites(trx: Transaction<Schema>): Promise<void> {
  const { schema } = trx;
  const none = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(0);
  for (const name of ["runs", "attempts", "calls", "windows"]) {
    await schema.alterTable(name).addColumn("cache_write_tokens", "bigint", none).execute();
  }
  await schema.alterTable("runs").addColumn("telemetry_faults", "bigint", none).execute();
  await schema.dropView("call_costs").execute();
  await viewCallCosts(schema, [
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
  ]);
  await readAgain(trx);
}

/** A forecast asks for the latest attempts of an agent. */
async function findAttemptsByAgent({ schema }: Transaction<Schema>): Promise<void> {
  await schema.createIndex("attempts_agent").on("attempts").columns(["agent", "started_at"]).execute();
}

async function markUnmetered({ schema }: Transaction<Schema>): Promise<void> {
  await schema
    .alterTable("attempts")
    .addColumn("unmetered", "bigint", (column) => column.notNull().defaultTo(0))
    .execute();
  // There are few, and every bill asks for them.
  await schema
    .createIndex("attempts_unmetered")
    .on("attempts")
    .column("started_at")
    .where(sql.ref("unmetered"), ">", 0)
    .execute();
}

async function countEstimates(trx: Transaction<Schema>): Promise<void> {
  const { schema } = trx;
  const none = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(0);
  for (const name of ["runs", "attempts", "calls", "windows"]) {
    await schema.alterTable(name).addColumn("estimated_calls", "bigint", none).execute();
  }
  await schema.alterTable("runs").addColumn("open_calls", "bigint", none).execute();
  await schema.dropView("call_costs").execute();
  await viewCallCosts(schema, [
    "estimated_calls",
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
  ]);
  await readAgain(trx);
}

/** Has all journals read again that are there. */
async function readAgain(trx: Transaction<Schema>): Promise<void> {
  await trx.updateTable("runs").set({ next_bytes: BEYOND_ANY }).where("removed_at", "is", null).execute();
}

/** Views each call with its headings, and as a sum. The columns are those that the calls have by then. */
async function viewCallCosts(schema: SchemaModule, columns: readonly string[]): Promise<void> {
  const own = sql.raw(columns.map((column) => `calls.${column}`).join(", "));
  await view(
    schema,
    "call_costs",
    sql`select calls.run, calls.task, calls.attempt, calls.at, calls.model,
      coalesce(attempts.agent, '@analysis') as agent, coalesce(attempts.route, 'analysis') as route,
      coalesce(calls.class, attempts.class, 'analysis') as class, calls.class as own_class, 1 as calls,
      case when calls.pico is null then 1 else 0 end as unpriced_calls, coalesce(calls.pico, 0) as pico, ${own}
      from calls left join attempts
      on attempts.run = calls.run and attempts.task = calls.task and attempts.attempt = calls.attempt`,
  );
}

async function view(schema: SchemaModule, name: string, query: RawBuilder<unknown>): Promise<void> {
  await schema
    .createView(name)
    .as(query as never)
    .execute();
}
