import { join } from "node:path";
import { tempDir } from "@sheaf/testkit";
import { Kysely, sql } from "kysely";
import { expect, it } from "vitest";
import { sqliteDialect } from "./sqlite-dialect.ts";

it("a transaction that SQLite itself has taken back says why, as that the disk is full", async () => {
  using folder = tempDir();
  const db = new Kysely<unknown>({ dialect: sqliteDialect(join(folder.path, "full.db")) });
  await sql`create table t (x)`.execute(db);
  await sql`pragma max_page_count = 4`.execute(db);
  const write = db.transaction().execute((trx) => sql`insert into t values (zeroblob(100000))`.execute(trx));
  await expect(write).rejects.toThrow("database or disk is full");
  await sql`pragma max_page_count = 1000`.execute(db);
  await db.transaction().execute((trx) => sql`insert into t values (1)`.execute(trx));
  await db.destroy();
});
