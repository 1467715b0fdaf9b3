// What goes of a memo, and what is still there for whoever uses it.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { encodeData, type TaskId } from "@sheaf/core";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoStore } from "../run/memo-store.ts";
import { NOTHING_MEASURED } from "../run/nothing-measured.ts";
import { collectMemo, type MemoRules } from "./collect-memo.ts";

const DAY = 86_400_000;
const NOW = Date.now() + 2 * DAY;
const ALL: MemoRules = { olderThanMs: null, maxBytes: null };

let place: TempDir;
let store: MemoStore;
beforeEach(() => {
  place = tempDir();
  store = new MemoStore(place.path);
});
afterEach(() => place[Symbol.dispose]());

/** Keeps an execution that wrote these texts; every second one it added to a file. */
async function keep(key: string, keptAt: number, ...texts: readonly string[]): Promise<void> {
  const changes = texts.map((text, i) => {
    const path = join(place.path, "layer", `${key}-${i}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    utimesSync(path, 1, 1);
    const entry = {
      kind: "file" as const,
      mode: 0o644,
      path,
      size: text.length,
      mtimeNs: "1000000000",
      hash: null,
    };
    return { op: i % 2 === 0 ? "put" : "append", path: `f${i}`, entry } as const;
  });
  const done = { taskId: key as TaskId, definition: key, attempt: 1, taken: [], keptAt, costUsd: null };
  const effects = { reads: { shown: null, observed: [] }, changes };
  await store.keep(key, { ...done, effects, resources: NOTHING_MEASURED }, encodeData(1, key as TaskId));
}

const collect = (rules: Partial<MemoRules> = {}, more: { dryRun?: boolean; now?: number } = {}) =>
  collectMemo(place.path, { rules: { ...ALL, ...rules }, dryRun: false, now: NOW, ...more });

/** Which keys are still there, each with the texts that it gives out; "damaged" where it cannot. */
async function left(...keys: readonly string[]): Promise<Record<string, readonly string[] | string>> {
  const found: Record<string, readonly string[] | string> = {};
  for (const key of keys) {
    for (const entry of store.find(key).entries) {
      const taken = await store.take(entry, join(place.path, "taken"));
      found[key] =
        typeof taken === "string"
          ? "damaged"
          : taken.map((change) => readFileSync((change as { entry: { path: string } }).entry.path, "utf8"));
    }
  }
  return found;
}

const objects = (): number =>
  readdirSync(join(place.path, "objects")).flatMap((name) => readdirSync(join(place.path, "objects", name)))
    .length;

test("without an age or a size all entries stay, with all that they need", async () => {
  await keep("one", NOW - 9 * DAY, "a", "b");
  await keep("two", NOW, "b", "c");
  expect(collect()).toMatchObject({ removed: 0, kept: 2, freedBytes: 0 });
  expect([await left("one", "two"), objects()]).toEqual([{ one: ["a", "b"], two: ["b", "c"] }, 3]);
});

test("what is old goes, but for the bytes that younger entries share", async () => {
  await keep("one", NOW - 9 * DAY, "a", "b");
  await keep("two", NOW - 2 * DAY, "b", "c");
  expect(collect({ olderThanMs: 3 * DAY }, { dryRun: true })).toMatchObject({ removed: 1, kept: 1 });
  expect(objects()).toBe(3);
  const { removed, freedBytes } = collect({ olderThanMs: 3 * DAY });
  expect([removed, freedBytes > 0]).toEqual([1, true]);
  expect([await left("one", "two"), objects()]).toEqual([{ two: ["b", "c"] }, 2]);
});

test("with a size the oldest go until the rest takes no more", async () => {
  for (const [i, key] of ["one", "two", "xyz"].entries())
    await keep(key, NOW - (9 - i) * DAY, key[0]!.repeat(200_000), "shared");
  expect(collect({ maxBytes: 1_000_000 }).removed).toBe(0);
  expect(collect({ maxBytes: 500_000 })).toMatchObject({ removed: 1, kept: 2 });
  expect(Object.keys(await left("one", "two", "xyz"))).toEqual(["two", "xyz"]);
  expect(collect({ maxBytes: 0 })).toMatchObject({ kept: 0 });
  expect(objects()).toBe(0);
});

test("bytes that nobody names yet stay as long as somebody may be about to", async () => {
  await keep("one", NOW - 9 * DAY, "a");
  const soon = Date.now() + 60_000;
  expect(collect({ olderThanMs: 1 }, { now: NOW }).removed).toBe(1);
  await keep("one", NOW - 9 * DAY, "a");
  expect(collect({ maxBytes: 0 }, { now: soon })).toMatchObject({ removed: 1 });
  expect(objects()).toBe(1);
  await keep("two", NOW, "a");
  collect({}, { now: soon });
  expect(await left("two")).toEqual({ two: ["a"] });
});

test("what was being made when somebody was killed goes, and entries that cannot be read", async () => {
  await keep("one", NOW, "a");
  const torn = [join(place.path, "objects/.half"), join(place.path, "entries/on/one/.half")];
  for (const path of torn) writeFileSync(path, "x");
  expect(collect({}, { now: Date.now() + 60_000 }).freedBytes).toBe(0);
  collect();
  expect(torn.map((path) => existsSync(path))).toEqual([false, false]);
  const [name] = readdirSync(join(place.path, "entries/on/one"));
  writeFileSync(join(place.path, "entries/on/one", name!, "entry.json"), "{}");
  expect(collect()).toMatchObject({ removed: 1, kept: 0 });
  expect(objects()).toBe(0);
});

test("a memo that is not there has nothing to remove", () => {
  const none = collectMemo(join(place.path, "none"), { rules: ALL, dryRun: false, now: NOW });
  expect(none).toMatchObject({ removed: 0, kept: 0, freedBytes: 0 });
});

test("bytes that are kept once more are young again", async () => {
  await keep("one", NOW, "a");
  const [folder] = readdirSync(join(place.path, "objects"));
  const [name] = readdirSync(join(place.path, "objects", folder!));
  const object = join(place.path, "objects", folder!, name!);
  utimesSync(object, 1, 1);
  await keep("two", NOW, "a");
  expect(statSync(object).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
});

test("an entry whose output has changed is told and not given out", async () => {
  await keep("one", NOW, "a");
  const [name] = readdirSync(join(place.path, "entries/on/one"));
  writeFileSync(join(place.path, "entries/on/one", name!, "output"), "other bytes");
  expect(store.find("one")).toEqual({ entries: [], damaged: [join(place.path, "entries/on/one", name!)] });
  expect(store.find("one")).toEqual({ entries: [], damaged: [] });
});
