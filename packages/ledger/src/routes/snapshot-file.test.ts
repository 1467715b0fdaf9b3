import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import { routeSnapshot } from "./route-snapshot.ts";
import { readSnapshot, replaceSnapshot, snapshotFile } from "./snapshot-file.ts";

const snapshot = routeSnapshot([], { now: 0, routes: ["draft"] });
const whole = JSON.stringify(snapshot);

describe("the snapshot of routes", () => {
  it("is read as it was written, and takes the place of the one before", () => {
    using dir = tempDir();
    const path = snapshotFile(dir.path);
    expect(readSnapshot(path)).toEqual({ snapshot: null, note: null });
    for (const now of [1, 2]) {
      expect(replaceSnapshot(path, routeSnapshot([], { now }))).toBeNull();
      expect(readSnapshot(path).snapshot?.takenAt).toBe(`1970-01-01T00:00:00.00${now}Z`);
    }
    expect(readdirSync(dir.path)).toEqual(["routes.json"]);
  });

  it.each([
    ["half written", whole.slice(0, whole.length / 2), /is damaged/],
    ["empty", "", /is damaged/],
    ["of a newer version", JSON.stringify({ ...snapshot, schema: 2 }), /has schema 2, .* knows 1/],
    ["something else", "[1]", /is damaged/],
    ["without its windows", JSON.stringify({ ...snapshot, windows: null }), /is damaged/],
    ["with routes that are none", JSON.stringify({ ...snapshot, routes: ["a", "a"] }), /is damaged/],
  ])("that is %s is not believed, and kept when it is made anew", (_, text, why) => {
    using dir = tempDir();
    const path = snapshotFile(dir.path);
    writeFileSync(path, text);
    expect(readSnapshot(path)).toEqual({ snapshot: null, note: expect.stringMatching(why) });
    expect(replaceSnapshot(path, snapshot)).toMatch(why);
    expect(readFileSync(`${path}.aside`, "utf8")).toBe(text);
    expect(readSnapshot(path)).toEqual({ snapshot, note: null });
  });

  it("that cannot be read or written is told and left alone", () => {
    using dir = tempDir();
    const path = snapshotFile(dir.path);
    mkdirSync(join(path, "mine"), { recursive: true });
    expect(readSnapshot(path)).toEqual({
      snapshot: null,
      note: expect.stringMatching(/cannot be read: EISDIR/),
    });
    expect(replaceSnapshot(path, snapshot)).toMatch(/could not be written: EISDIR/);
    expect(existsSync(join(path, "mine"))).toBe(true);
    expect(readdirSync(dir.path)).toEqual(["routes.json"]);
    mkdirSync(`${path}.tmp`);
    expect(replaceSnapshot(path, snapshot)).toMatch(/could not be written/);
    expect(replaceSnapshot(join(dir.path, "nowhere/routes.json"), snapshot)).toMatch(/ENOENT/);
  });
});
