import { linkSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@sheaf/testkit";
import { expect, onTestFinished, test } from "vitest";
import { diskUsage } from "./disk-usage.ts";

const BIG = "x".repeat(100_000);

test("a file with a name outside counts nothing, one with two names inside counts once", () => {
  const place = tempDir({ "state/base/shared": BIG, "state/layers/own": BIG, "state/tasks/": "" });
  onTestFinished(() => place[Symbol.dispose]());
  const at = (path: string): string => join(place.path, path);
  const fileBytes = lstatSync(at("state/layers/own")).blocks * 512;
  linkSync(at("state/base/shared"), at("live"));
  linkSync(at("state/layers/own"), at("state/tasks/again"));
  symlinkSync(at("live"), at("state/tasks/link"));
  const { bytes, parts } = diskUsage(at("state"));
  expect(parts.base).toBeLessThan(fileBytes);
  expect(parts.layers).toBeGreaterThanOrEqual(fileBytes);
  expect(parts.tasks).toBeLessThan(fileBytes);
  expect(bytes).toBe(parts.base! + parts.layers! + parts.tasks!);
});

test("a folder that is not there takes nothing, and a part may have any name", () => {
  const place = tempDir();
  onTestFinished(() => place[Symbol.dispose]());
  expect(diskUsage(join(place.path, "none"))).toMatchObject({ bytes: 0 });
  mkdirSync(join(place.path, "__proto__"));
  writeFileSync(join(place.path, "__proto__/x"), BIG);
  expect(Object.keys(diskUsage(place.path).parts)).toEqual(["__proto__"]);
});
