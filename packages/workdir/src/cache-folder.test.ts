import { chmodSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cacheFolder } from "./cache-folder.ts";

let place: TempDir;
beforeEach(() => {
  place = tempDir();
  vi.stubEnv("XDG_CACHE_HOME", join(place.path, "cache"));
  vi.stubEnv("TMPDIR", place.path);
});
afterEach(() => {
  vi.unstubAllEnvs();
  place[Symbol.dispose]();
});

const own = (): string => join(place.path, "cache", "sheaf");
const beside = (): string => join(place.path, `sheaf-${process.getuid!()}`);

test("it is made for this user alone", () => {
  expect(cacheFolder()).toBe(own());
  expect(statSync(own()).mode & 0o777).toBe(0o700);
});

test.each([
  ["others can write", () => mkdirSync(own(), { recursive: true, mode: 0o777 })],
  ["leads elsewhere", () => symlinkSync(place.path, own())],
])("a folder that %s is passed over", (_what, make) => {
  mkdirSync(join(place.path, "cache"));
  make();
  chmodSync(own(), 0o777);
  expect(cacheFolder()).toBe(beside());
});

test("so is one that does not suit, and where there is no other there is none", () => {
  expect(cacheFolder((path) => path !== own())).toBe(beside());
  expect(cacheFolder(() => false)).toBeNull();
});
