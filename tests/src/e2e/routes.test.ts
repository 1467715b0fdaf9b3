// The snapshot of routes is exact whoever writes it at once, and no fault of it harms a run.
import { execFile } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readSnapshot, snapshotFile } from "@sheaf/ledger";
import { tempDir } from "@sheaf/testkit";
import { expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("./fixtures/routed-run.mjs", import.meta.url));
const NOBODY = 65_534;

interface Printed {
  readonly status: string;
  readonly calls: number;
  readonly telemetryFaults: number;
  readonly reasons: readonly (readonly [part: string, reason: string])[];
}

async function runHere(given: Readonly<Record<string, unknown>>): Promise<Printed> {
  const { routedRun } = await import(SCRIPT);
  return (await routedRun(given)) as Printed;
}

async function runElsewhere(given: Readonly<Record<string, unknown>>): Promise<Printed> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, JSON.stringify(given)]);
  return JSON.parse(stdout) as Printed;
}

/** What the snapshot says of each window: calls, tokens and cost of all routes, and calls by route. */
function shown(stateDir: string) {
  const { snapshot, note } = readSnapshot(snapshotFile(stateDir));
  expect(note).toBeNull();
  return Object.values(snapshot!.windows).map(({ total, lines }) => ({
    ...{ calls: total.calls, inputTokens: total.inputTokens, written: total.cacheWriteTokens },
    ...{ picoUsd: total.picoUsd, attempts: total.attempts },
    byRoute: lines.map(({ name, calls }) => [name, calls]),
  }));
}

const of = (draft: number, review: number) => {
  const calls = draft + review;
  const sums = { calls, inputTokens: 3 * calls, written: calls, picoUsd: `${calls}`, attempts: calls / 100 };
  const byRoute = [
    ["draft", draft],
    ["review", review],
    ["analysis", 0],
    ["unknown", 0],
  ];
  return Array.from({ length: 3 }, () => ({ ...sums, byRoute }));
};

test("10 x 100 calls at once are 1,000, two processes at once are 2,000, and a restart goes on (X4)", async () => {
  using home = tempDir();
  const stateDir = join(home.path, "no-directory");
  const fine = { status: "succeeded", calls: 1_000, telemetryFaults: 0, reasons: [] };
  expect(await runHere({ home: home.path, route: "draft" })).toEqual(fine);
  expect(shown(stateDir)).toEqual(of(1_000, 0));
  const both = ["draft", "review"].map((route) => runElsewhere({ home: home.path, route }));
  expect(await Promise.all(both)).toEqual([fine, fine]);
  expect(shown(stateDir)).toEqual(of(2_000, 1_000));
  expect(readdirSync(stateDir).sort()).toEqual(expect.not.arrayContaining(["routes.json.tmp"]));
});

test("a folder in its place, a full disk, and an index that is none are told, counted, and harm nothing", async () => {
  using home = tempDir();
  const stateDir = join(home.path, "no-directory");
  mkdirSync(snapshotFile(stateDir), { recursive: true });
  const given = { home: home.path, route: "draft" };
  const faulty = (reason: RegExp) => ({
    ...{ status: "succeeded", calls: 1_000, telemetryFaults: 1 },
    reasons: [["telemetry", expect.stringMatching(reason)]],
  });
  expect(await runHere(given)).toEqual(faulty(/could not be written: EISDIR/));
  rmdirSync(snapshotFile(stateDir));
  symlinkSync("/dev/full", `${snapshotFile(stateDir)}.tmp`);
  expect(await runHere(given)).toEqual(faulty(/could not be written: ENOSPC/));
  writeFileSync(join(stateDir, "sheaf.db"), "no database at all ".repeat(500));
  expect(await runHere(given)).toEqual(faulty(/was damaged and has been made anew from the journals/));
  expect(shown(stateDir)).toEqual(of(3_000, 0));
  expect(readSnapshot(snapshotFile(stateDir)).snapshot?.telemetryFaults).toBe(2);
});

test("a state folder that may no longer be written to is told, counted, and harms nothing", async () => {
  using place = tempDir();
  chmodSync(place.path, 0o777);
  const dir = join(place.path, "paper");
  mkdirSync(dir);
  if (process.getuid?.() === 0) chownSync(dir, NOBODY, NOBODY);
  const stateDir = join(dir, ".sheaf");
  const { status, calls, telemetryFaults, reasons } = await runElsewhere({
    ...{ home: null, route: "draft", uid: NOBODY, dir, locked: stateDir },
  });
  chmodSync(stateDir, 0o755);
  expect([status, calls, telemetryFaults]).toEqual(["succeeded", 1_000, 1]);
  expect(reasons).toContainEqual(["telemetry", expect.stringMatching(/sheaf\.db cannot be used/)]);
  expect(readdirSync(stateDir)).not.toContain("routes.json");
});
