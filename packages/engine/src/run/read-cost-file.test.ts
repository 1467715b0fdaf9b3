import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@sheaf/testkit";
import { expect, it } from "vitest";
import { readCostFile } from "./read-cost-file.ts";

const ROW = '[{"Model":"m","Prompt Tokens":7,"Completion Tokens":3}]';
const NO_FILE = { rows: [], problems: ["It is a link, a folder or a pipe, and no file."] };

it("a file is read, and what is no file is not waited for", () => {
  using folder = tempDir();
  const at = (name: string): string => join(folder.path, name);
  writeFileSync(at("file.json"), ROW);
  symlinkSync(at("file.json"), at("link.json"));
  mkdirSync(at("folder.json"));
  execFileSync("sh", ["-c", `mkfifo "${at("pipe.json")}"`]);
  expect(readCostFile(at("file.json"))).toMatchObject({ rows: [{ inputTokens: 7 }], problems: [] });
  for (const name of ["link.json", "folder.json", "pipe.json"])
    expect(readCostFile(at(name))).toEqual(NO_FILE);
  expect(readCostFile(at("none.json")).problems).toEqual([
    expect.stringMatching(/^It cannot be read: ENOENT/),
  ]);
});

it("no more is read than a file has when it is opened, and of a large one nothing", () => {
  using folder = tempDir();
  const large = join(folder.path, "large.json");
  writeFileSync(large, "");
  truncateSync(large, 16 * 2 ** 20 + 1);
  expect(readCostFile(large)).toEqual({ rows: [], problems: ["It is larger than 16 MiB."] });
  if (process.platform !== "linux") return;
  // As one that somebody goes on writing, it has more to read than its size says, which is nothing.
  expect(readCostFile("/proc/self/status").problems).toEqual([expect.stringContaining("end of JSON")]);
});
