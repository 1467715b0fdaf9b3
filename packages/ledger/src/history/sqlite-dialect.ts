import { setTimeout } from "node:timers/promises";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import {
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type SqliteStatement,
} from "kysely";

/** How long somebody who writes is waited for. */
const BUSY_MS = 10_000;
const RETRY_MS = 5;
/** Statements that are kept for the next time: what writes many rows takes longer to prepare than to run. */
const MOST_STATEMENTS = 64;
/** How long the thread stands still for somebody who opens or closes the file: they take that long at most. */
const STILL_MS = 1_000;

function openFile(path: string): DatabaseSyncInstance {
  const database = new DatabaseSync(path, { timeout: STILL_MS });
  try {
    // What is lost with the machine's power is read from the journals again, so nothing waits for the disk.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

// The library leaves the statements, and with them the file's log, to the garbage collector; whoever leaves last puts
// the log into the file and removes it.
function closeFile(database: DatabaseSyncInstance): void {
  try {
    database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE");
  } catch {
    // Somebody else has the file open and does it.
  }
  database.close();
}

// What Kysely asks of a statement is what better-sqlite3 has; this library has the interface of node:sqlite.
function adapted(database: DatabaseSyncInstance): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => closeFile(database),
    prepare(text) {
      const known = statements.get(text);
      if (known !== undefined) return known;
      if (statements.size >= MOST_STATEMENTS) statements.clear();
      const statement = database.prepare(text);
      statement.setReadBigInts(true);
      const prepared: SqliteStatement = {
        reader: statement.columns().length > 0,
        all: (values) => statement.all(...values),
        run: (values) => statement.run(...values),
        iterate: (values) => statement.iterate(...values),
      };
      statements.set(text, prepared);
      return prepared;
    },
  };
}

/**
 * Begins every transaction as one that writes: one that reads first is refused when another has written in between.
 * Who has to wait leaves the thread to others meanwhile, as the one who is waited for may be in the same thread.
 */
class WritingDriver extends SqliteDriver {
  readonly #database: DatabaseSyncInstance;

  constructor(database: DatabaseSyncInstance) {
    super({ database: adapted(database) });
    this.#database = database;
  }

  override async beginTransaction(): Promise<void> {
    for (let waited = 0; ; waited += RETRY_MS) {
      try {
        this.#database.exec("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if (waited >= BUSY_MS || !/locked|busy/i.test(String(error))) throw error;
      } finally {
        this.#database.exec(`PRAGMA busy_timeout = ${STILL_MS}`);
      }
      await setTimeout(RETRY_MS);
    }
  }

  // Of some errors, as a full disk, SQLite takes back the transaction itself; to fail at that again would hide them.
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }
}

/** Returns Kysely's way to a file of SQLite. Opens it at once. */
export function sqliteDialect(path: string): Dialect {
  const database = openFile(path);
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new WritingDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}
