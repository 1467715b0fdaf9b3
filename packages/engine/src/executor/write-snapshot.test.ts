import { createRequire } from "node:module";
import { join } from "node:path";
import { readSnapshot, snapshotFile } from "@sheaf/ledger";
import { tempDir } from "@sheaf/testkit";
import { expect, test } from "vitest";
import { writeSnapshot } from "./write-snapshot.ts";

const never = new AbortController().signal;

test("an index that somebody keeps locked is waited for until the time is over, and never longer", async () => {
  using dir = tempDir();
  const order = { stateDir: dir.path, now: 0, routes: ["draft"] };
  expect(await writeSnapshot(order, { deadlineMs: 30_000, signal: never })).toEqual([]);
  const { DatabaseSync } = createRequire(import.meta.resolve("@sheaf/ledger"))("@photostructure/sqlite");
  const other = new DatabaseSync(join(dir.path, "sheaf.db"));
  other.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE");
  const later = { ...order, now: 1 };
  expect(await writeSnapshot(later, { deadlineMs: 700, signal: never })).toEqual([
    expect.stringMatching(/was not written within 0\.7 s/),
  ]);
  expect(readSnapshot(snapshotFile(dir.path)).snapshot?.takenAt).toBe("1970-01-01T00:00:00.000Z");
  other.exec("ROLLBACK");
  other.close();
  expect(await writeSnapshot(later, { deadlineMs: 30_000, signal: never })).toEqual([]);
  expect(readSnapshot(snapshotFile(dir.path)).snapshot?.takenAt).toBe("1970-01-01T00:00:00.001Z");
});

test("a snapshot that is given up is no fault", async () => {
  using dir = tempDir();
  const stop = new AbortController();
  const written = writeSnapshot(
    { stateDir: dir.path, now: 0, routes: null },
    { deadlineMs: 30_000, signal: stop.signal },
  );
  stop.abort();
  expect(await written).toEqual([]);
});

test("where there is no folder, that is the fault", async () => {
  using dir = tempDir();
  const order = { stateDir: join(dir.path, "nowhere"), now: 0, routes: null };
  expect(await writeSnapshot(order, { deadlineMs: 30_000, signal: never })).toEqual([
    expect.stringMatching(/nowhere\/sheaf\.db cannot be used/),
  ]);
});
