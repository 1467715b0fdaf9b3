import { chmodSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { frozenState } from "./frozen-state.ts";

let place: TempDir;
beforeEach(() => {
  place = tempDir();
  writeFiles(place.path, {
    "a/index.js": "1",
    "b/empty/x": "",
    ".cache/tool": "1",
    ".pnpm/a/x": "1",
    l: { link: "a" },
  });
});
afterEach(() => place[Symbol.dispose]());

const at = (path: string): string => join(place.path, path);
const state = (): Promise<string> => frozenState(place.path)();

test.each<[what: string, change: () => void]>([
  ["a file's bytes", () => writeFileSync(at("a/index.js"), "2")],
  ["a file's time", () => utimesSync(at("a/index.js"), 1, 1)],
  ["a file's mode", () => chmodSync(at("a/index.js"), 0o755)],
  ["a new file", () => writeFileSync(at("b/new"), "")],
  ["a file that is gone", () => rmSync(at("b/empty/x"))],
  ["an empty folder that is gone", () => rmSync(at("b"), { recursive: true })],
  ["a folder's mode", () => chmodSync(at("b"), 0o700)],
  ["a link that is gone", () => rmSync(at("l"))],
  ["the store of pnpm", () => writeFileSync(at(".pnpm/a/x"), "2")],
])("%s makes another state", async (_what, change) => {
  const before = await state();
  change();
  expect(await state()).not.toBe(before);
});

test("what tools cache there makes none, nor does the time of a folder", async () => {
  const before = await state();
  writeFileSync(at(".cache/more"), "");
  writeFileSync(at(".vite"), "");
  utimesSync(at("a"), 1, 1);
  expect(await state()).toBe(before);
  expect(statSync(at("a")).mtimeMs).toBe(1_000);
});

test("it is found out once", async () => {
  const once = frozenState(place.path);
  const before = await once();
  writeFileSync(at("a/index.js"), "2");
  expect(await once()).toBe(before);
});

test("a folder that is gone has a state", async () => {
  expect(await frozenState(at("none"))()).toMatch(/^[0-9a-f]{64}$/);
});
