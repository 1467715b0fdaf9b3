import { Kysely } from "kysely";
import { migrate } from "./migrations.ts";
import { postgresDialect } from "./postgres-dialect.ts";
import type { DatabaseKind, Schema } from "./schema.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";

/** Where the index is: a file of SQLite, or a server. */
export type DatabasePlace = { readonly path: string } | { readonly url: string };

/** The open index. Both kinds take the same queries and return whole numbers as bigint. */
export interface Database {
  readonly kind: DatabaseKind;
  readonly db: Kysely<Schema>;
}

/** Opens the index and brings its tables up to date. */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  const kind = "path" in place ? "sqlite" : "postgres";
  const dialect = "path" in place ? sqliteDialect(place.path) : await postgresDialect(place.url);
  const db = new Kysely<Schema>({ dialect });
  try {
    await migrate(db, kind);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { kind, db };
}
