import { type Dialect, PostgresDialect } from "kysely";

const CONNECT_MS = 10_000;
const INT8 = 20;

/** Returns Kysely's way to a PostgreSQL server. */
export async function postgresDialect(url: string): Promise<Dialect> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    ...{ connectionString: url, max: 2, connectionTimeoutMillis: CONNECT_MS, allowExitOnIdle: true },
    types: {
      getTypeParser: (type: number, format?: "text" | "binary") =>
        type === INT8 && format !== "binary" ? BigInt : pg.types.getTypeParser(type, format as "text"),
    },
  });
  // The loss of a connection that nobody uses is told by the next query.
  pool.on("error", () => {});
  return new PostgresDialect({ pool });
}
